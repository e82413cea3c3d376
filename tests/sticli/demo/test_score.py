"""The arithmetic of the demo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.score import Sample, Score, percentile


def sample(kind: str, answer: str, ms: float = 1.0) -> Sample:
    return Sample(kind, "?", answer, "131.25", 1, ms)


def test_only_the_exact_answer_is_right() -> None:
    answers = ["131.25", " 131.25\n", "131.2", "131.250", "", "none"]
    assert [sample("live", answer).right for answer in answers] == [True, True] + [False] * 4


def test_tallies_by_kind() -> None:
    score = Score()
    for kind, answer in (("live", "131.25"), ("live", "1"), ("flash", "131.25")):
        score.add(sample(kind, answer))
    assert (score.of("live").accuracy, score.of("flash").accuracy) == (0.5, 1.0)
    assert score.of().accuracy == pytest.approx(2 / 3)
    assert score.of("pushed").facts() == {
        "right": 0, "of": 0, "accuracy": 0.0, "median_ms": None, "p99_ms": None,
    }  # fmt: skip


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_percentiles_are_nearest_ranks(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_the_share_says_how_the_others_were_answered() -> None:
    score = Score()
    assert score.share() == ""
    for fresh, ms in ((True, 0.1), (True, 0.1), (True, 0.1), (False, 12.0)):
        score.look(fresh, ms)
    assert score.share().startswith("75%")
    assert "the rest live ones (median 12 ms)" in score.share()
