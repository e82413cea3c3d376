"""What reaches the sessions of agents, turn by turn, and what becomes of them."""

from typing import cast

from sticli.bench.adapters.base import Adapter
from sticli.bench.crew import Crew
from sticli.bench.script import AGENTS, NEXT, Conversation, conversation
from tests.sticli.bench.noted import Noted

TOOL, TOKENS = 0.25, 9


def crew(*names: str) -> tuple[Crew, dict[str, Noted]]:
    noted = {name: Noted() for name in names}
    return Crew(cast(dict[str, Adapter], dict(noted)), TOOL, TOKENS), noted


def made(count: int) -> list[Conversation]:
    return [conversation(agent, 2, 2, seed=1) for agent in AGENTS[:count]]


def test_a_session_opens_with_its_tools_is_asked_once_and_goes() -> None:
    found, noted = crew("one", "two")
    (conversation,) = made(1)
    assert len(list(found.turns("t", [conversation]))) == 2
    assert noted["one"].told == noted["two"].told
    assert noted["one"].told == [
        ("open", "t-travel", NEXT),
        ("append", "t-travel", *conversation.opening),
        ("settle", "t-travel"),
        ("ask", "t-travel", NEXT),
        ("drop", "t-travel"),
    ]


def test_calls_come_at_once_and_results_with_the_questions() -> None:
    found, _noted = crew()
    conversations = made(3)
    sessions = ["t-travel", "t-review", "t-analysis"]
    schedules = list(found.turns("t", conversations))
    for number, schedule in enumerate(schedules):
        turns = [one.turns[number] for one in conversations]
        assert [(one.at, one.session, one.lines) for one in schedule.arrivals] == [
            *((0.0, name, (turn.said,)) for name, turn in zip(sessions, turns, strict=True)),
            *((TOOL, name, turn.result) for name, turn in zip(sessions, turns, strict=True)),
        ]
        assert [(one.at, one.session, one.complete) for one in schedule.questions] == [
            (TOOL, name, True) for name in sessions
        ]
        assert {one.max_tokens for one in schedule.questions} == {TOKENS}
    assert schedules[0].held == {
        name: len(one.opening) for name, one in zip(sessions, conversations, strict=True)
    }
    assert schedules[1].held == {name: held + 3 for name, held in schedules[0].held.items()}


def test_an_engine_that_is_taken_out_is_told_nothing_more() -> None:
    found, noted = crew("stays", "hangs")
    turns = found.turns("t", made(1))
    next(turns)
    before = list(noted["hangs"].told)
    del found.engines["hangs"]
    assert len(list(turns)) == 1
    assert noted["hangs"].told == before
    assert noted["stays"].told[-1] == ("drop", "t-travel")
