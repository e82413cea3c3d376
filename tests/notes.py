"""The notes of the program on standard error: which tell of trouble, and what to do about it."""

from tests.source import Scope, calls
from tests.wording import is_hole, texts

# what is being done, or was: no trouble
PLAIN = {
    "  ‹command›",
    "`sticli model use ‹model›` makes the daemon run it",
    "`loginctl enable-linger` lets it live on when you log out",
    "a daemon of its own starts; the feed is --seed ‹seed›",
    "created session ‹name›",
    "created session ‹made›",
    "fetching ‹file›, ‹size›",
    "no daemon runs",
    "no service was installed",
    "no sessions yet: `… | sticli append NAME` makes one",
    "pinned ‹sessions›",
    "reading from the terminal, Ctrl-D to end",
    "removed ‹key› from ‹file›",
    "removed ‹path›",
    "removed flash question ‹key› of ‹session›",
    "removed session ‹session›",
    "removed ‹reference›: ‹size› freed",
    "set ‹key› = ",
    "starting the daemon (log: ‹log›)",
    "sticli calibrate SESSION state",
    "sticli flash add SESSION",
    "stopped the daemon (pid ‹pid›)",
    "systemd listens, and starts the daemon when somebody connects",
    "the daemon takes lines again; nothing was lost",
    "the daemon runs (pid ‹pid›, version ‹version›)",
    "the model is loading",
    "the socket of the service is there",
    "training for ‹minutes› minutes in ‹out›; --resume goes on after Ctrl-C",
    "unpinned ‹sessions›",
    "what is left to do:",
    "random weights of ‹shapes›: made once, kept in the cache",
    "wrote ‹",
    "‹file› (‹reason›)",
    "‹file› is in order; ",
    "‹lines›, ‹size› → ‹session›",
    "‹path› is as it should be",
    "‹path›: fetched and checked",
    "‹path›: here already",
    "‹path›: all ‹number› tensors lie within the file, its sha256 is what the hub said",
    "‹plural›; * is the gap of ‹id›",
    "‹said›; `sticli model use ‹path›` chooses it",
}

# the note → what to do
TROUBLE = {
    "it runs already; `sticli daemon restart --model FILE` changes the model": (
        "the model that runs is another one than asked for: restart it, as it says"
    ),
    "no daemon answers at ‹socket›": (
        "`sticli daemon start`, if there should be one; any command that needs it starts it"
    ),
    "the model is still loading after 60 s: `sticli daemon status`": (
        "nothing moved for so long: see whether the disk or the GPU is busy; `sticli daemon logs`"
    ),
    "under sudo: this daemon is not ‹user›'s, and knows none of their sessions": (
        "leave out sudo: a daemon serves the user who started it"
    ),
    "‹message›; waiting for it to come back": (
        "it goes on by itself; `sticli daemon start` brings the daemon back, Ctrl-C ends the wait"
    ),
    "‹message›; the lines are kept and sent again": (
        "nothing is lost while the command runs; see what the message says of the daemon"
    ),
    "‹name›=‹environ› of the environment is stronger than the file": (
        "unset that variable, or the setting in the file has no effect"
    ),
    "‹plural› were not read then; they are read here": (
        "lines were dropped because too much was pending, so what is measured differs from what"
        " was answered then"
    ),
    "STICLI_‹name› is set here and not for the service: ": (
        "do as it says, where the service is to have that setting"
    ),
    "XDG_RUNTIME_DIR is not set here: ": "do as it says, or log in in another way than with su",
    "a daemon runs already, which nobody but you may stop": (
        "`sticli daemon stop`, once nothing needs it; then systemd starts the next one"
    ),
    "‹message›; it was pulled before": (
        "the hub could not be asked whether there is something newer; the file that is here serves"
    ),
    "stopped: ‹size› of ‹size› are kept; run it again to go on": "run it again",
    "‹path›: all ‹number› tensors lie within the file, no sha256 is known to compare with": (
        "the file is whole, whether each byte is right nobody can tell; pull it to know"
    ),
}


def notes() -> set[str]:
    """Everything that a command notes, the bench and what others said left out."""
    found = {
        text
        for call in calls()["note"]
        if call.module.file.startswith("sticli/") and call.node.args
        if not call.module.file.startswith(("sticli/bench/", "sticli/tui/", "sticli/watch/"))
        for text in texts(call.node.args[0], Scope(call.module, call.function))
    }
    return {text for text in found if not is_hole(text)}
