"""The stages of a pipeline, their order, and that it can be stopped and gone on with anywhere."""

import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.errors import SticliError
from sticli.feeds.choice import Choice
from sticli.feeds.memory import Memory
from sticli.feeds.pipeline import PATIENCE, Pipeline


def test_any_wanted_pattern_and_no_unwanted_one() -> None:
    pipeline = Pipeline(Choice(grep=("err", r"warn\b"), exclude=("debug", "^#")))
    lines = ["an error", "warn: x", "warned", "debug err", "# err", "fine"]
    assert pipeline(lines) == ["an error", "warn: x"]
    assert pipeline.counts.filtered == 4


@pytest.mark.parametrize(("pattern", "place"), [("(a", 1), ("a[", 2), ("*", 1)])
def test_a_bad_pattern_is_refused_with_its_place(pattern: str, place: int) -> None:
    with pytest.raises(SticliError, match=f"no pattern at character {place}: "):
        Pipeline(Choice(exclude=("fine", pattern)))


def test_repeats_are_told_when_another_line_comes_or_after_a_while() -> None:
    pipeline = Pipeline(Choice(dedupe=True))
    assert pipeline(["a", "a"]) == ["a"]
    assert pipeline.wait(100.0) == PATIENCE
    assert pipeline.wait(100.0 + PATIENCE) == 0
    assert pipeline.told() == ["… (repeated 1 time)"]
    assert pipeline.wait(102.0) is None
    assert pipeline(["a", "a", "b", "a"]) == ["… (repeated 2 times)", "b", "a"]
    assert pipeline.counts.repeated == 3


def test_a_sample_is_every_tenth_and_its_repeats_go_with_it() -> None:
    pipeline = Pipeline(Choice(sample=10))
    assert pipeline([str(n) for n in range(25)]) == ["0", "10", "20"]
    assert pipeline.counts.sampled == 22
    both = Pipeline(Choice(sample=2, dedupe=True))
    assert both(["a", "a", "b", "b", "b", "c"]) == ["a", "… (repeated 1 time)", "c"]


def test_the_order_is_format_filter_repeats_sample_time() -> None:
    choice = Choice("jsonl", template="{a}", grep=("^x",), dedupe=True, sample=2, timestamp="%Y at")
    lines = ['{"a": "x1"}', '{"a": "y"}', '{"b": 1, "a": "x1"}', '{"a": "x2"}', '{"a": "x3"}']
    found = Pipeline(choice)(lines)
    assert all(re.match(r"\d{4} at ", line) for line in found)
    assert [line[8:] for line in found] == ["x1", "… (repeated 1 time)", "x3"]


def test_a_time_that_breaks_the_line_is_refused() -> None:
    with pytest.raises(SticliError, match="breaks the line"):
        Pipeline(Choice(timestamp="%H%n"))


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["a", "b", "c", "skip"]), max_size=40),
    st.lists(st.integers(0), max_size=4),
)
def test_stopping_and_going_on_changes_nothing(lines: list[str], stops: list[int]) -> None:
    """Whatever is kept of a pipeline fits a position, and is all that it needs."""
    choice = Choice(exclude=("skip",), dedupe=True, sample=3)
    whole = Pipeline(choice)(list(lines))
    edges = [0, *sorted(stop % (len(lines) + 1) for stop in stops), len(lines)]
    found: list[str] = []
    kept = msgspec.json.encode(Memory())
    for begin, end in pairwise(edges):
        pipeline = Pipeline(choice, msgspec.json.decode(kept, type=Memory))
        found += pipeline(lines[begin:end])
        kept = msgspec.json.encode(pipeline.remember(pipeline.cutter()))
        assert len(kept) < 200
    assert found == whole
