"""The arithmetic of calibrate, against counting by hand and against counting plainly."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.calibration.curve import Curve, Row, Sample
from sticli.wilson import wilson

HAND = [
    Sample(0.2, "up", "down"),
    Sample(0.7, "up", "up"),
    Sample(1.1, None, "up"),  # open at any gap
    Sample(1.5, "down", "up"),
    Sample(2.0, "up", "up"),
    Sample(9.0, "down", "down"),
]
SAMPLES = st.lists(
    st.builds(
        Sample,
        st.floats(0, 20),
        st.sampled_from(["up", "down", None]),
        st.sampled_from(["up", "down"]),
    )
)


def test_counted_by_hand() -> None:
    curve = Curve(HAND)
    assert curve.row(0.0) == Row(0.0, 6, 5, 3)
    assert curve.row(2.0) == Row(2.0, 6, 2, 2)
    assert [row.gap for row in curve.rows((4, 10, 1, 12, 1))] == [1, 4, 10]
    found = curve.row(1.0).facts()
    assert (found["coverage"], found["precision"]) == (0.5, 0.6667)
    assert (found["low"], found["high"]) == tuple(round(end, 4) for end in wilson(2, 3))


def test_the_least_gap_of_a_precision() -> None:
    curve = Curve(HAND)
    assert curve.least(0.6) == Row(0.0, 6, 5, 3)
    assert curve.least(0.75) == Row(0.7, 6, 4, 3)
    assert curve.least(0.9) == Row(2.0, 6, 2, 2)
    assert curve.least(0.9, surely=True) is None
    many = Curve([Sample(5.0, "up", "up")] * 100 + [Sample(1.0, "up", "down")] * 20)
    assert many.least(0.95, surely=True) == Row(5.0, 120, 100, 100)


def test_of_nothing() -> None:
    curve = Curve([])
    assert curve.rows((0.0, 1.0)) == [Row(0.0, 0, 0, 0)]
    assert curve.row(0.0).precision is None
    assert curve.least(0.0) is None


@given(SAMPLES, st.floats(0, 20))
def test_a_row_is_what_plain_counting_gives(samples: list[Sample], gap: float) -> None:
    covered = [one for one in samples if one.answer and one.lead >= gap]
    right = [one for one in covered if one.answer == one.truth]
    assert Curve(samples).row(gap) == Row(gap, len(samples), len(covered), len(right))


@given(SAMPLES, st.floats(0, 1))
def test_no_smaller_gap_would_do(samples: list[Sample], precision: float) -> None:
    curve = Curve(samples)
    found = curve.least(precision)
    leads = {math.floor(one.lead * 100) / 100 for one in samples if one.answer}
    for gap in {0.0, *leads}:
        if found is None or gap < found.gap:
            share = curve.row(gap).precision
            assert share is None or share < precision
    assert found is None or found.precision == pytest.approx(found.right / found.covered)
