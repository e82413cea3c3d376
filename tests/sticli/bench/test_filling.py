"""Figures say what the samples say, and why there are none where there are none."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sticli.bench import filling
from sticli.bench.adapters.base import Adapter, Reply
from sticli.bench.report import Sample
from sticli.bench.schedule import Question


def samples(*times: float) -> list[Sample]:
    return [Sample("s", "?", "ACME", first=time) for time in times]


def test_a_ratio_is_of_pairs_and_says_its_times() -> None:
    found = filling.over(
        "overhead",
        "ask",
        samples(0.003, 0.002, 0.004),
        samples(0.002, 0.002, 0.002),
        "here",
        target=1.1,
    )
    assert found.value == pytest.approx(1.5)
    assert found.met is False
    assert found.detail == "3.00 over 2.00 ms, 3 of 3 questions, here"
    assert found.low is None, "three pairs do not make an interval"


def test_pairs_of_which_one_failed_do_not_count() -> None:
    lost = Sample("s", "?", error="it hung")
    found = filling.over("overhead", "ask", [*samples(0.002), lost], samples(0.001, 9.0), "here")
    assert found.value == pytest.approx(2.0)
    assert "1 of 2 questions" in found.detail


def test_short_sessions_are_not_held_to_what_is_asked_of_long_ones() -> None:
    assert [filling.long(tokens, 1.05) for tokens in (600, 4095, 4096, 9000)] == [
        None,
        None,
        1.05,
        1.05,
    ]


@pytest.mark.parametrize(
    ("ours", "detail"),
    [
        ([], "an engine that it needs does not take part"),
        ([Sample("s", "?", error="it hung")], "no answer: it hung"),
        ([Sample("s", "?", lines=1)], "no question was answered by both after the same lines"),
    ],
)
def test_without_pairs_a_figure_says_why(ours: list[Sample], detail: str) -> None:
    found = filling.over("overhead", "ask", ours, samples(0.001), "here", target=1.1)
    assert (found.value, found.met, found.detail) == (None, None, detail)


class Engine:
    """Answers after so many seconds, by its own account."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def ask(self, session: str, question: Question) -> Reply:
        return Reply("ACME", 1.0, 1.0 + self.seconds, 1.0 + self.seconds, 10, 2, 1, 1)


@pytest.mark.parametrize(("slowest", "apart"), [(0.001, 0.05), (0.2, 0.8)])
def test_questions_leave_room_for_the_slowest(slowest: float, apart: float) -> None:
    engines = [Engine(0.0005), Engine(slowest)]
    question = Question(0.0, "s", "?", 1)
    assert filling.pace(cast(list[Adapter], engines), question) == pytest.approx(apart)


@given(some.integers(0, 500), some.integers(1, 500))
def test_a_share_lies_in_its_interval(hits: int, of: int) -> None:
    found = filling.share(min(hits, of), of)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 100
