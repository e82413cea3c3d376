"""The GGUF must compute what torch computes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sticli.demo.exam.reader import Reader
from sticli.demo.learning import circuits, vocabulary
from sticli.demo.learning.export import export
from sticli.demo.learning.model import Model, Shape, plain
from sticli.demo.world.market import Market
from sticli.models import gap
from sticli.models.header import read_header

SMALL = Shape(len(vocabulary.TOKENS), width=64, layers=2, heads=2, hidden=96)


def feed_ids(lines: int) -> list[int]:
    market = Market(3)
    return [i for _ in range(lines) for i in vocabulary.line_ids(market.line())]


@pytest.mark.parametrize("shape", [SMALL, Shape(len(vocabulary.TOKENS))], ids=["small", "full"])
def test_llama_cpp_gives_torchs_logits(shape: Shape, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Model(shape)
    if shape is SMALL:
        for block in model.blocks:
            torch.nn.init.normal_(block.attention.q.bias)
            torch.nn.init.normal_(block.attention.k.bias)
    else:
        circuits.initialise(model)
    export(model, tmp_path / "model.gguf", {"seed": "0"})
    reader = Reader(tmp_path / "model.gguf", threads=1)
    ids = feed_ids(12)
    found = reader.append(ids)
    assert reader.metadata("sticli.training.seed") == "0"
    reader.close()
    with torch.no_grad():
        whole = torch.tensor([[vocabulary.BOS_ID, *ids]])
        wanted = model(whole, plain(whole.shape[1]))[0, -1].numpy()
    # What is left is Q8_0's rounding: about half a percent of a matrix's scale, several times.
    assert np.abs(found - wanted).max() < 0.06 * np.abs(wanted).max()
    assert np.corrcoef(found, wanted)[0, 1] > 0.995


def test_reading_in_pieces_and_asking_leaves_the_feed_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(1)
    export(Model(SMALL), tmp_path / "model.gguf", gap=0.3)
    assert gap.named(read_header(tmp_path / "model.gguf")) == 0.3
    reader, ids = Reader(tmp_path / "model.gguf", threads=1), feed_ids(6)
    whole = reader.append(ids)
    reader.reset()
    reader.append(ids[:20])
    reader.ask(["last price of ACME?"])
    pieces = reader.append(ids[20:])
    reader.close()
    np.testing.assert_allclose(pieces, whole, atol=2e-2)
