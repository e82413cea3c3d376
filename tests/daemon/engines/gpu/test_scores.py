"""Scores on the device give what scores on the host give."""

import math

import numpy as np
import pytest
import torch

from sticli.daemon.engines.base import Allowed, Row, Seq
from sticli.daemon.engines.gpu.scores import NEAREST, DeviceScores, find_nearest, split
from sticli.daemon.engines.scores import HostScores

SIZE = 67  # not whole bytes
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def scores(logits: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> DeviceScores:
    """Scores of one row that wanted all."""
    row = Row(Seq(1), [1] * len(logits), 0, "all")
    given = torch.from_numpy(logits.copy()).to(DEVICE)
    (found,) = split([row], given, find_nearest(given))
    assert found is not None
    return found


def bits(*tokens: int, length: int = SIZE) -> Allowed:
    flags = np.zeros(length, np.uint8)
    flags[list(tokens)] = 1
    return np.packbits(flags, bitorder="little")


def picked(item: DeviceScores | HostScores, index: int, allowed: Allowed | None) -> object:
    try:
        pick = item.pick(index, allowed)
    except ValueError:
        return "no finite numbers"
    return pick.token, pick.lead


@pytest.mark.parametrize("seed", range(4))
def test_picks_are_those_of_the_host(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.choice(np.arange(5, dtype=np.float32), (40, SIZE))  # with many equals
    logits[10:20] = rng.standard_normal((10, SIZE))
    for value in (math.nan, math.inf, -math.inf):
        places = rng.integers(0, (20, SIZE), (12, 2)).T
        logits[20 + places[0], places[1]] = value
    logits[39] = -math.inf
    device, host = scores(logits), HostScores(logits)
    sets = [rng.choice(SIZE, count, replace=False) for count in (0, 1, 2, 30, SIZE)]
    for allowed in (None, *(bits(*tokens) for tokens in sets)):
        for index in range(len(logits)):
            assert picked(device, index, allowed) == picked(host, index, allowed)


def test_sets_may_be_shorter_and_longer_than_the_vocabulary() -> None:
    logits = np.arange(SIZE, dtype=np.float32)[None]
    found = scores(logits)
    assert found.pick(0, bits(3, 5, length=8)).token == 5
    assert found.pick(0, bits(3, 70, 200, length=208)).token == 3
    assert found.pick(0, bits(66, 200, length=208)).token == 66
    assert found.pick(0, bits(3)).lead == 3 - 66


def test_a_set_that_holds_one_of_the_nearest_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    found = scores(np.arange(SIZE, dtype=np.float32)[None])
    monkeypatch.delattr("sticli.daemon.engines.gpu.scores.top")
    for place in range(NEAREST):
        assert found.pick(0, bits(0, SIZE - 1 - place)).token == SIZE - 1 - place
    with pytest.raises(NameError):
        found.pick(0, bits(0))


def test_small_vocabularies() -> None:
    assert scores(np.array([[2.0]], np.float32)).pick(0).lead == 0
    assert scores(np.array([[2.0, 5.0]], np.float32)).pick(0, bits(0)).lead == -3


def test_rows_get_what_they_wanted() -> None:
    logits = torch.randn(4, SIZE, device=DEVICE)
    rows = [
        Row(Seq(1), [1], 0, "last"),
        Row(Seq(2), [1, 2], 0),
        Row(Seq(3), [1, 2], 0, "all"),
        Row(Seq(4), [5, 6, 7], 0, "last"),
    ]
    first, second, third, fourth = split(rows, logits, find_nearest(logits))
    assert second is None
    for item, at in ((first, slice(0, 1)), (third, slice(1, 3)), (fourth, slice(3, 4))):
        assert item is not None
        assert np.array_equal(item.read(), logits[at].cpu().numpy())
        assert len(item) == at.stop - at.start
        best = [item.pick(index).token for index in range(len(item))]
        assert best == logits[at].argmax(1).tolist()


def test_nothing_wanted() -> None:
    none = torch.zeros(0, SIZE, device=DEVICE)
    assert list(split([Row(Seq(1), [1], 0)], none, find_nearest(none))) == [None]


def test_what_is_read_or_kept_is_not_what_the_next_pass_writes() -> None:
    logits = torch.randn(2, SIZE, device=DEVICE)
    (found,) = split([Row(Seq(1), [1, 2], 0, "all")], logits, find_nearest(logits))
    assert found is not None
    expected = logits.clone().cpu().numpy()
    read, kept = found.read(), found.kept()
    logits.fill_(-1)
    assert np.array_equal(read, expected)
    read.fill(7)  # the caller's own
    assert len(kept) == 1
    assert np.array_equal(kept.read(), expected[1:])
    worst = int(expected[1].argmin())
    assert kept.pick(0, bits(worst)).token == worst
    assert kept.pick(0).token == int(expected[1].argmax())
