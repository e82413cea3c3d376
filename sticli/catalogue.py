"""Which commands there are: where each is, and what the list of them says of it.

So the list, and what stands in it, needs none of their modules.
"""

# name → where its function, or its group of functions, is; the first line of its help
COMMANDS = {
    "new": ("sessions:new", "Create a session."),
    "append": ("append:append", "Append lines to a session as they arrive."),
    "ask": ("ask:ask", "Ask a session a question."),
    "flash": ("flash:app", "Questions that are answered before they are asked."),
    "events": ("events:events", "Print events as one JSON object a line, until Ctrl-C."),
    "watch": ("watch:watch", "Show sessions, answers, feed, scheduler and device, live."),
    "ps": ("ps:ps", "List the sessions; * marks those that are pinned."),
    "show": ("show:show", "Show everything about a session."),
    "explain": ("show:explain", "Say where the tokens of a session are, and why."),
    "log": ("log:log", "Print the lines of a session."),
    "fork": ("sessions:fork", "Create a session that begins as another one is, or was."),
    "pin": ("sessions:pin", "Keep sessions on the device: others make room first."),
    "unpin": ("sessions:unpin", "Let sessions leave the device like any other."),
    "rm": ("sessions:rm", "Remove a session, its lines and its questions."),
    "calibrate": ("calibrate:calibrate", "Measure what the gap of a decision buys."),
    "demo": ("demo:app", "Show sticli at work on a simulated market feed."),
    "bench": ("bench:app", "Compare engines on this machine."),
    "model": ("model:app", "Models: fetch them, see them, choose one."),
    "plan": ("plan:plan", "Say whether a model and its sessions fit on this machine."),
    "daemon": ("daemon:app", "The life of the daemon."),
    "config": ("config:app", "Settings: where they come from, what they are."),
    "doctor": ("doctor:doctor", "Check the installation; exit code 1 when there is a problem."),
    "completion": ("completion:completion", "Print the completion script of a shell."),
    "api": ("version:api", "Send one request to the daemon's API and print the reply."),
    "version": ("version:version", "Print the versions of program and daemon."),
    "_complete": ("completion:complete", "Print what the last of the words may become."),
}

# what other programs call it → what it is here
MEANT = {
    **{one: f"daemon {one}" for one in ("start", "stop", "restart", "status", "logs", "run")},
    **dict.fromkeys(("ls", "list", "sessions"), "ps"),
    **dict.fromkeys(("delete", "remove"), "rm"),
    **dict.fromkeys(("top", "tui", "dashboard"), "watch"),
    **dict.fromkeys(("cat", "tail", "lines"), "log"),
    **dict.fromkeys(("add", "feed", "follow"), "append"),
    **dict.fromkeys(("question", "questions", "decision"), "flash"),
    "serve": "daemon run",
    "pull": "model pull",
    "models": "model ls",
    "use": "model use",
    "get": "config get",
    "set": "config set",
    "settings": "config show",
    "create": "new",
    "query": "ask",
    "info": "show",
    "subscribe": "events",
}
