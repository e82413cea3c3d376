"""A worker process without a model: keeps the protocol's promises, and breaks down on command.

An answer is the number of lines and the last one, so it shows what the session really holds.
A decision is for the choice that the last line is; where that is none it is left open.
Its second argument names a folder: a file `unloadable` there makes the model fail, `crash` makes
it die at birth, `dies` once as it is told to rest; while there is `loads` the model is half loaded,
while there is a `stall` it reads no lines, a `hang` no beats, and while there is `lingers` a worker
that was told to rest is about to leave; what it hears of asks and cancels is noted in the file
`heard`.
"""

import os
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from sticli.account import Account
from sticli.daemon import messages as m
from sticli.daemon.frames import read_frames
from sticli.models.gap import USUAL

CELLS = 1000  # of the device: no session may be larger
DEFAULT = 100  # cells of a session; a line fills one


@dataclass
class Held:
    """What it knows of one session."""

    limit: int
    journal: int
    lines: list[str | None] = field(default_factory=list)
    version: int = 0
    restored: bool = False
    flash: dict[str, m.AddFlash] = field(default_factory=dict)
    late: list[m.AddFlash] = field(default_factory=list)  # removed, and answered once more
    asks: list[m.Ask] = field(default_factory=list)  # that came before it was restored


class Script:
    def __init__(self, connection: socket.socket, folder: Path) -> None:
        self.connection = connection
        self.folder = folder
        self.sessions: dict[str, Held] = {}
        self.closed: list[str] = []

    def say(self, message: m.Message) -> None:
        self.connection.sendall(m.frame(message))

    def note(self, text: str) -> None:
        with (self.folder / "heard").open("a") as file:
            file.write(text + "\n")

    def run(self) -> None:
        for body in read_frames(self.connection):
            message = m.decode_inbound(body)
            while isinstance(message, m.Beat) and (self.folder / "hang").exists():
                time.sleep(0.005)
            if isinstance(message, m.Stop):
                self.note("rest" if message.rest else "stop")
                if message.rest and (self.folder / "dies").exists():
                    (self.folder / "dies").unlink()
                    os._exit(9)
                while message.rest and (self.folder / "lingers").exists():
                    time.sleep(0.005)
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
                if self.sessions.pop(message.session, None):
                    self.closed.append(message.session)
            case m.Ask():
                self.ask(message)
            case m.Cancel():
                self.note(f"cancel {message.id}")
            case _:
                self.others(message)

    def others(self, message: m.Inbound) -> None:
        if isinstance(message, m.Beat):
            self.note("beat")
            self.say(message)
        elif isinstance(message, m.Pin):
            self.note(f"pin {message.session} {message.pinned}")
            self.say(m.Moved(message.session, "host", 7, "made room"))
        elif isinstance(message, m.Explain) and message.session in self.sessions:
            self.explain(message)
        elif isinstance(message, m.Explain):
            self.say(m.Failed(message.id, message.session, "not_found", "it is not live", ""))
        elif isinstance(message, m.AddFlash) and message.session in self.sessions:
            self.sessions[message.session].flash[message.id] = message
            self.evaluate(message.session)
        elif isinstance(message, m.RemoveFlash):
            held = self.sessions[message.session]
            held.late += [held.flash.pop(message.id)]

    def start(self) -> None:
        if (self.folder / "unloadable").exists():
            self.say(m.Failed(0, "", "model", "the file is cut short", "get it again"))
            sys.exit(1)
        if (loads := self.folder / "loads").exists():
            self.say(m.Loading(2_000_000, 4_000_000, "weights"))
            while loads.exists():
                time.sleep(0.005)
        own = self.folder / "gap"
        gap = float(own.read_text()) if own.exists() else USUAL
        self.say(m.Ready("/m", "scripted", "00", "script", 100, 10, CELLS, {}, gap))

    def open(self, message: m.Open) -> None:
        limit = message.limit or DEFAULT
        label = f"{message.tenant!r} {message.pinned} {message.window_from}"
        self.note(f"open {message.session} {label}")
        if limit > CELLS:
            self.say(m.Failed(0, message.session, "budget_exceeded", "no room", "", message.uid))
            return
        if message.session in self.closed:  # the last words of its last bearer
            self.say(m.Failed(0, message.session, "internal", "the computation failed", "", "old"))
        self.sessions[message.session] = Held(limit, message.lines)
        self.say(m.Opened(message.session, 0, limit, message.uid))
        self.say(m.Moved(message.session, "device", 0, "opened"))
        self.progress(message.session)

    def take(self, message: m.Lines) -> None:
        while (self.folder / "stall").exists():
            time.sleep(0.005)
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
            for ask in held.asks:
                self.answer(ask)

    def explain(self, message: m.Explain) -> None:
        held = self.sessions[message.session]
        if held.lines[-1:] == ["die"]:
            os._exit(9)
        length = len(held.lines)
        counts = (held.limit, length, length, held.limit, 0, 0, length, 0, 0)
        account = Account(message.session, "device", False, "", *counts, "", 0, 0, 0, [], ["so"])
        self.say(m.Explained(message.id, account))

    def ask(self, message: m.Ask) -> None:
        self.note(f"ask {message.id} {message.question}")
        if message.question.startswith("die once"):
            mark = self.folder / "died"
            if not mark.exists():
                mark.touch()
                os._exit(9)
        if message.question == "speak and die":
            if message.pieces:
                self.say(m.Piece(message.id, "half of"))
            os._exit(9)
        if message.question == "wait":
            return
        held = self.sessions[message.session]
        if held.restored:
            self.answer(message)
        else:
            self.say(m.Waits(message.id, "restoring", f"{len(held.lines)} lines are back"))
            held.asks.append(message)

    def answer(self, message: m.Ask) -> None:
        if message.question == "queue":
            self.say(m.Waits(message.id, "queued", "200 cells are needed, 100 are free"))
        held = self.sessions[message.session]
        seen = message.at or (held.version, len(held.lines))
        last = held.lines[seen[1] - 1] if seen[1] else ""
        text = f"{seen[1]}: {last}"
        if message.form and message.form.choices:
            self.note(f"decide {message.decision}")
            text = message.form.choices[0]
        if message.question == "everything":
            text = "|".join("" if line is None else line for line in held.lines)
        if message.pieces:
            self.say(m.Piece(message.id, text))
        self.say(m.Done(message.id, text, *seen, 0, 1.5, 10, 3, 2, 1e-5, 2e-5, "stop"))

    def evaluate(self, name: str) -> None:
        held = self.sessions[name]
        late, held.late = held.late, []
        for flash in [*late, *held.flash.values()]:
            text, source, lead = self.evaluated(held, flash)
            seen = (held.version, len(held.lines), 0)
            costs = (9, 3, 1, 0.1)
            self.say(
                m.Evaluated(name, flash.id, text, *seen, lead, *costs, "stop", source, flash.born)
            )

    def evaluated(self, held: Held, flash: m.AddFlash) -> tuple[str, str, float]:
        """Text, source and lead of an evaluation."""
        if not flash.form or not flash.form.choices:
            return f"{len(held.lines)}" if "how many" in flash.question else "same", "flash", 2.0
        last = held.lines[-1] if held.lines else ""
        found = last in flash.form.choices
        return (last, "ready", flash.gap + 1) if found else ("", "below", flash.gap / 2)


def main() -> None:
    folder = Path(sys.argv[1])
    if (folder / "crash").exists():
        sys.exit("a bug at birth")
    Script(socket.socket(fileno=int(sys.argv[-1])), folder).run()


if __name__ == "__main__":
    main()
