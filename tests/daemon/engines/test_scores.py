"""What is picked from logits in this process's memory."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon.engines.scores import HostScores

SIZE = 37


@settings(max_examples=60)
@given(st.integers(0, 1 << 30), st.booleans())
def test_the_likeliest_of_the_allowed_is_held_against_all(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((3, SIZE), np.float32)
    logits = np.round(logits) if ties else logits
    inside = rng.random(SIZE) < 0.3
    inside[rng.integers(SIZE)] = True
    packed = np.append(np.packbits(inside, bitorder="little"), np.uint8(255))
    scores = HostScores(logits)
    for index, row in enumerate(logits):
        found = scores.pick(index, packed)
        best = max(row[inside])
        assert found.token == min(n for n in range(SIZE) if inside[n] and row[n] == best)
        assert found.lead == pytest.approx(float(best - np.delete(row, found.token).max()))
        assert scores.pick(index).token == int(row.argmax())
        assert scores.pick(index).lead >= 0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    logits = np.zeros((1, SIZE), np.float32)
    logits[0, 5] = value
    with pytest.raises(ValueError, match="finite"):
        HostScores(logits).pick(0)
    with pytest.raises(ValueError, match="finite"):
        HostScores(np.zeros((1, SIZE), np.float32)).pick(0, np.zeros(5, np.uint8))


def test_a_lead_over_nothing_finite_counts_as_none() -> None:
    logits = np.full((1, SIZE), -math.inf, np.float32)
    logits[0, 3] = 1
    found = HostScores(logits).pick(0)
    assert (found.token, found.lead) == (3, 0.0)


def test_what_is_read_or_kept_is_the_callers_own() -> None:
    logits = np.arange(2 * SIZE, dtype=np.float32).reshape(2, SIZE)
    scores = HostScores(logits)
    kept, read = scores.kept(), scores.read()
    read[:] = -1
    logits[1, 0] = 1000
    assert len(kept) == 1
    assert kept.pick(0).token == SIZE - 1
    assert scores.pick(1).token == 0
