"""Agents at work, alike in every engine under test: what reaches their sessions turn by turn."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sticli.bench.adapters.base import Adapter
from sticli.bench.player import each
from sticli.bench.schedule import Arrival, Question, Schedule
from sticli.bench.script import NEXT, Conversation
from sticli.errors import SticliError


@dataclass(frozen=True, slots=True)
class Crew:
    """Engines with a session of each agent; one is taken out of `engines` when it hangs."""

    engines: dict[str, Adapter]  # by name
    tool: float  # seconds from a call to its result
    tokens: int  # of an answer

    def turns(self, name: str, conversations: Sequence[Conversation]) -> Iterator[Schedule]:
        """Conversations side by side, a turn a schedule; their sessions are gone at the end."""
        sessions = {f"{name}-{one.agent}": one for one in conversations}
        each(self.engines, lambda engine: self._open(engine, sessions))
        last = Schedule((), (), {name: len(one.opening) for name, one in sessions.items()})
        for number in range(len(conversations[0].turns)):
            last = self._turn(last, sessions, number)
            yield last
        each(self.engines, lambda engine: _drop(engine, sessions))

    def _open(self, engine: Adapter, sessions: dict[str, Conversation]) -> None:
        """Tools and task, and the first question, which does not count: caches are warm then."""
        for session, one in sessions.items():
            question = self._question(session)
            engine.open(session, [question])
            engine.append(session, one.opening)
            engine.settle(session)
            with suppress(SticliError):  # the questions that count will say it too
                engine.ask(session, question)

    def _turn(self, last: Schedule, sessions: dict[str, Conversation], number: int) -> Schedule:
        """Calls at once; when the tools have run their results, and with these the questions."""
        turns = {session: one.turns[number] for session, one in sessions.items()}
        calls = [Arrival(0.0, session, (turn.said,)) for session, turn in turns.items()]
        results = [Arrival(self.tool, session, turn.result) for session, turn in turns.items()]
        return last.next([*calls, *results], [self._question(session) for session in sessions])

    def _question(self, session: str) -> Question:
        return Question(self.tool, session, NEXT, self.tokens, complete=True)


def _drop(engine: Adapter, sessions: Iterable[str]) -> None:
    for session in sessions:
        engine.drop(session)
