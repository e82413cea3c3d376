"""An engine under test that only notes what reaches it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sticli.bench.schedule import Question
from sticli.errors import SticliError


@dataclass
class Noted:
    """It notes what it is told, and can answer nothing."""

    name: str = "noted"
    told: list[tuple[str, ...]] = field(default_factory=list)

    def open(self, session: str, standing: Sequence[Question]) -> None:
        self.told.append(("open", session, *(one.text for one in standing)))

    def append(self, session: str, lines: Sequence[str]) -> None:
        self.told.append(("append", session, *lines))

    def settle(self, session: str) -> None:
        self.told.append(("settle", session))

    def ask(self, session: str, question: Question) -> None:
        self.told.append(("ask", session, question.text))
        raise SticliError("internal", "it is out of words")

    def drop(self, session: str) -> None:
        self.told.append(("drop", session))
