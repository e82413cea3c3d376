"""A worker process without a model: keeps the protocol's promises, and breaks down on command.

An answer is the number of lines and the last one, so it shows what the session really holds.
Its second argument names a folder: a file `unloadable` there makes the model fail, `crash` makes
it die at birth; what it hears of asks and cancels is noted in the file `heard`.
"""

import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sticli.daemon import messages as m

CELLS = 1000  # for all sessions
DEFAULT = 100  # cells of a session; a line fills one


@dataclass
class Held:
    """What it knows of one session."""

    limit: int
    journal: int
    lines: list[str] = field(default_factory=list)
    version: int = 0
    restored: bool = False
    flash: dict[str, m.AddFlash] = field(default_factory=dict)


class Script:
    def __init__(self, connection: socket.socket, folder: Path) -> None:
        self.connection = connection
        self.folder = folder
        self.sessions: dict[str, Held] = {}

    def say(self, message: m.Message) -> None:
        self.connection.sendall(m.frame(message))

    def note(self, text: str) -> None:
        with (self.folder / "heard").open("a") as file:
            file.write(text + "\n")

    def run(self) -> None:
        for body in m.read_frames(self.connection):
            message = m.decode_inbound(body)
            if isinstance(message, m.Stop):
                self.note("stop")
                self.say(m.Stopped())
                return
            self.hear(message)

    def hear(self, message: m.Inbound) -> None:
        match message:
            case m.Start():
                self.start()
            case m.Open():
                self.open(message)
            case m.Lines():
                self.take(message)
            case m.Close():
                self.sessions.pop(message.session, None)
            case m.Ask():
                self.ask(message)
            case m.Cancel():
                self.note(f"cancel {message.id}")
            case _:
                self.flash(message)

    def flash(self, message: m.Inbound) -> None:
        if isinstance(message, m.AddFlash) and message.session in self.sessions:
            self.sessions[message.session].flash[message.id] = message
            self.evaluate(message.session)
        elif isinstance(message, m.RemoveFlash):
            self.sessions[message.session].flash.pop(message.id, None)

    def start(self) -> None:
        if (self.folder / "unloadable").exists():
            self.say(m.Failed(0, "", "model", "the file is cut short", "get it again"))
            sys.exit(1)
        self.say(m.Ready("/m", "scripted", "00", "script", 100, 10, CELLS, {}))

    def open(self, message: m.Open) -> None:
        limit = message.limit or DEFAULT
        if limit + sum(held.limit for held in self.sessions.values()) > CELLS:
            self.say(m.Failed(0, message.session, "budget_exceeded", "no room", ""))
            return
        self.sessions[message.session] = Held(limit, message.lines)
        self.say(m.Opened(message.session, 0, limit))
        self.progress(message.session)

    def take(self, message: m.Lines) -> None:
        held = self.sessions[message.session]
        if message.first > len(held.lines):
            sys.exit("a gap in the lines")
        new = message.texts[len(held.lines) - message.first :]
        room = held.limit - len(held.lines)
        held.lines += new[:room]
        if len(new) <= room:
            held.version = message.version
        self.say(self.settled(message.session))
        self.progress(message.session)
        if len(new) > room:
            self.say(m.Full(message.session, len(held.lines), len(held.lines), held.limit))
        self.evaluate(message.session)

    def settled(self, name: str) -> m.Settled:
        held = self.sessions[name]
        return m.Settled(name, len(held.lines), held.version, len(held.lines), 0)

    def progress(self, name: str) -> None:
        held = self.sessions[name]
        if not held.restored and len(held.lines) >= min(held.journal, held.limit):
            held.restored = True
            self.say(m.Restored(name, len(held.lines), "from the journal"))

    def answer(self, name: str) -> str:
        held = self.sessions[name]
        return f"{len(held.lines)}: {held.lines[-1] if held.lines else ''}"

    def ask(self, message: m.Ask) -> None:
        self.note(f"ask {message.id} {message.question}")
        if message.question.startswith("die once"):
            mark = self.folder / "died"
            if not mark.exists():
                mark.touch()
                os._exit(9)
        if message.question == "speak and die":
            self.say(m.Piece(message.id, "half of"))
            os._exit(9)
        if message.question == "wait":
            return
        text = self.answer(message.session)
        self.say(m.Piece(message.id, text))
        held = self.sessions[message.session]
        seen = (held.version, len(held.lines))
        self.say(m.Done(message.id, text, *seen, 0, 1.5, 10, 3, 2, 1e-5, 2e-5, "stop"))

    def evaluate(self, name: str) -> None:
        held = self.sessions[name]
        for flash in held.flash.values():
            text = f"{len(held.lines)}" if "how many" in flash.question else "same"
            self.say(
                m.Evaluated(
                    name, flash.id, text, held.version, len(held.lines), 0, 2, 9, 3, 1, 0.1, "stop"
                )
            )


def main() -> None:
    folder = Path(sys.argv[1])
    if (folder / "crash").exists():
        sys.exit("a bug at birth")
    Script(socket.socket(fileno=int(sys.argv[-1])), folder).run()


if __name__ == "__main__":
    main()
