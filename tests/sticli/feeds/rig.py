"""A log that is written, rotated and read, by a feed that may be killed at any moment."""

import os
import shutil
from pathlib import Path

from sticli.feeds.choice import Choice
from sticli.feeds.follow import Follow
from sticli.feeds.intake import Intake
from sticli.feeds.pipeline import Pipeline
from sticli.feeds.place import parse
from sticli.feeds.spool import Spool


class Log:
    """A file and what became of it; `lines` is all that was ever written to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generations = [b""]

    @property
    def lines(self) -> list[str]:
        return [line for one in self.generations for line in one.decode().splitlines()]

    def write(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
        self.generations[-1] += data

    def rename(self, create: bool) -> None:
        """As logrotate does it, with or without `create`."""
        self._shift()
        if self.path.exists():
            self.path.rename(f"{self.path}.1")
        if create:
            self.path.touch()
        self.generations.append(b"")

    def copytruncate(self) -> None:
        self._shift()
        shutil.copy(self.path, f"{self.path}.1")
        os.truncate(self.path, 0)
        self.generations.append(b"")

    def _shift(self) -> None:
        for number in range(20, 0, -1):
            old = Path(f"{self.path}.{number}")
            if old.exists():
                old.rename(f"{self.path}.{number + 1}")


class Feed:
    """Follows a log into a list, as a session would keep it: lines and position together."""

    def __init__(self, path: Path, choice: Choice | None = None) -> None:
        self.path = path
        self.choice = choice or Choice()
        self.stored: list[str] = []
        self.position = ""
        self.notes: list[str] = []
        self.start()

    def start(self, offset: int | None = 0) -> None:
        """Begin, or go on at the position that is stored."""
        position = parse(self.position)
        self.follow = Follow(self.path, self.notes.append)
        pipeline = Pipeline(self.choice, self.follow.start(position, offset))
        self.spool = Spool()
        self.intake = Intake(pipeline, self.spool, self.follow.where)
        self.intake.learn(self.follow.skipped())
        self.store()

    def store(self) -> None:
        """Everything that was read is stored."""
        self.intake.flush()
        piece = self.spool.take()
        assert piece
        self.stored += piece.lines
        self.position = piece.position

    def read(self, steps: int) -> None:
        for _ in range(steps):
            self.follow.step(self.intake)

    def drain(self) -> None:
        """Read to the end of all there is."""
        while self.follow.step(self.intake):
            pass
        self.store()

    def kill(self) -> None:
        """Whatever was not stored is forgotten."""
        self.start()
