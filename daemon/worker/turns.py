"""Deficit round robin: whose turn it is among the sessions that have work of one class."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import Draft, Lane

Work = TypeVar("Work", bound=Lane)


@dataclass(slots=True)
class Turn(Generic[Work]):
    """One session's work, first come first, and the tokens it may still plan in this turn."""

    work: list[Work] = field(default_factory=list)
    credit: int = 0


class Turns(Generic[Work]):
    """Gives each session `quantum` tokens a turn; a turn that a full plan ends goes on in the next.

    So of any two sessions that always have work, neither gets two quanta more than the other.
    """

    def __init__(
        self, quantum: int, order: Callable[[Sequence[Work]], Sequence[Lane]] = lambda work: work
    ) -> None:
        self._quantum = quantum
        self._order = order  # which of a session's work this step computes, and in which order
        self._turns: OrderedDict[Session, Turn[Work]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(turn.work) for turn in self._turns.values())

    def __bool__(self) -> bool:
        return bool(self._turns)

    def __iter__(self) -> Iterator[Work]:
        """All work, the session whose turn it is first."""
        return (work for turn in self._turns.values() for work in turn.work)

    def __contains__(self, work: Work) -> bool:
        turn = self._turns.get(_session(work))
        return turn is not None and work in turn.work

    def append(self, work: Work) -> None:
        self._turns.setdefault(_session(work), Turn()).work.append(work)

    def remove(self, work: Work) -> None:
        session = _session(work)
        turn = self._turns[session]
        turn.work.remove(work)
        if not turn.work:
            del self._turns[session]

    def fill(self, draft: Draft) -> None:
        """Plan turn by turn until the plan is full or nobody has anything left."""
        idle = 0  # turns in a row that left nothing to plan
        while idle < len(self._turns) and not draft.full:
            session, turn = next(iter(self._turns.items()))
            if turn.credit <= 0:
                turn.credit += self._quantum
            self._serve(turn, draft)
            if draft.full and turn.credit > 0:
                return
            idle = idle + 1 if turn.credit > 0 else 0
            turn.credit = min(turn.credit, 0)
            self._turns.move_to_end(session)

    def _serve(self, turn: Turn[Work], draft: Draft) -> None:
        """Plan what the turn's credit allows."""
        for lane in self._order(turn.work):
            if turn.credit <= 0 or draft.full:
                break
            turn.credit -= draft.add(lane, turn.credit)


def _session(work: Lane) -> Session:
    return work if isinstance(work, Session) else work.session
