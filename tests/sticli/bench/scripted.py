"""An engine under test that answers as a test says, and notes what it is told."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sticli.bench.adapters.base import Reply
from sticli.bench.schedule import Arrival, Question
from sticli.errors import SticliError


def at_once(question: Question, lines: int) -> Reply:
    now = time.perf_counter()
    return Reply(question.text.upper(), now, now, now, 9, 3, 1, lines)


@dataclass
class Scripted:
    """Unless a test says otherwise, it answers at once."""

    answer: Callable[[Question, int], Reply] = at_once
    name: str = "scripted"
    detail: Mapping[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    grown: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    caches: bool = True

    def open(self, session: str, standing: Sequence[Question] = ()) -> None:
        self.lines[session] = []

    def append(self, session: str, lines: Sequence[str]) -> None:
        if "refuse" in lines:
            raise SticliError("storage", "the disk is full")
        held = self.lines.setdefault(session, [])
        held += lines
        self.grown.setdefault(session, []).append((len(held), time.perf_counter() + 5))

    def settle(self, session: str) -> None:
        self.calls.append(f"settle {session}")

    def ask(self, session: str, question: Question) -> Reply:
        self.calls.append(question.text)
        return self.answer(question, len(self.lines.get(session, [])))

    def settled(self, session: str) -> Sequence[tuple[int, float]] | None:
        return self.grown.get(session, []) if self.caches else None

    def drop(self, session: str) -> None:
        del self.lines[session]

    def processes(self) -> Sequence[int]:
        return [os.getpid()]

    def close(self) -> None:
        self.calls.append("close")


def question(text: str, at: float = 0.0, session: str = "a") -> Question:
    return Question(at, session, text, 1)


def arrival(*lines: str, at: float = 0.0, session: str = "a") -> Arrival:
    return Arrival(at, session, lines)
