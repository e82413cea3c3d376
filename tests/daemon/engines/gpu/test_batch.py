"""Plans as arrays, and the one copy that brings them to the device."""

import numpy as np
import torch

from sticli.daemon.engines.base import Row, Seq
from sticli.daemon.engines.gpu.batch import Batch, Placed, build, inputs
from sticli.daemon.engines.gpu.staging import Staging
from sticli.daemon.engines.gpu.work import Heads

HEADS = Heads(4, 2)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def batch(tokens: int = 0) -> Batch:
    """A row within one block, one that goes on in a second block, and one of two whole blocks."""
    rows = [
        Placed(Row(Seq(1), [7, 8], 5, "last"), [(64 * 9 + 5, 2)], np.array([[9, 0, 7]], np.int32)),
        Placed(
            Row(Seq(2), [1, 2, 3], 62, "all"),
            [(64 * 4 + 62, 2), (64 * 2, 1)],
            np.array([[4, 0, 64], [2, 64, 1]], np.int32),
        ),
        Placed(
            Row(Seq(3), list(range(100)), 0, "none"),
            [(0, 64), (64, 36)],
            np.array([[0, 0, 64], [1, 64, 36]], np.int32),
        ),
    ]
    return build(rows, (0, 16), HEADS, 1, tokens)


def test_rows_follow_each_other() -> None:
    found = batch()
    assert found.tokens.tolist() == [7, 8, 1, 2, 3, *range(100)]
    assert found.positions.tolist() == [5, 6, 62, 63, 64, *range(100)]
    assert found.slots.tolist() == [581, 582, 318, 319, 128, *range(100)]
    assert found.wanted.tolist() == [1, 2, 3, 4]
    assert list(found.works) == [0, 16]


def test_a_pass_is_filled_up_with_tokens_that_own_no_cell() -> None:
    found, plain = batch(128), batch()
    for name, fill in (("tokens", 0), ("positions", 0), ("slots", -1)):
        array = getattr(found, name)
        assert array[:105].tolist() == getattr(plain, name).tolist()
        assert array[105:].tolist() == [fill] * 23
    starts = found.works[0].starts
    assert len(starts) == 129
    assert len(set(starts[105:].tolist())) == 1  # nothing is merged for them


def test_nothing_is_wanted() -> None:
    row = Placed(Row(Seq(1), [7], 0), [(0, 1)], np.array([[0, 0, 1]], np.int32))
    assert build([row], (0,), HEADS, 1).wanted.shape == (0,)


def test_what_arrives_is_what_was_sent() -> None:
    found = batch()
    given = inputs(tuple(found.works), Staging(DEVICE).send(found.arrays()))
    for name in ("tokens", "positions", "slots", "wanted"):
        assert getattr(given, name).tolist() == getattr(found, name).tolist()
    for window, lists in found.works.items():
        assert given.works[window].positions is given.positions
        for name in ("tiles", "items", "table", "starts", "merges", "counts"):
            tensor = getattr(given.works[window], name)
            assert tensor.tolist() == getattr(lists, name).tolist()
            assert tensor.dtype == torch.int32
            assert tensor.data_ptr() % 16 == 0
            assert tensor.is_contiguous()


def test_the_next_pass_may_be_larger() -> None:
    staging = Staging(DEVICE)
    for size in (3, 100_000, 5):
        array = np.arange(size, dtype=np.int32)
        first, second = staging.send([array, array[:3]])
        assert first.tolist() == array.tolist()
        assert second.tolist() == [0, 1, 2]
