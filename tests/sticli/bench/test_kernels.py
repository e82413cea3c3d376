"""The bench of the GPU engine runs through, and its files of random weights are real ones."""

import json
from pathlib import Path

import pytest
import torch

from sticli.bench import kernels
from sticli.bench.gpu import files, synthetic
from sticli.bench.gpu.rig import Rig
from sticli.bench.gpu.shapes import SHAPES
from sticli.daemon.engines import modelfile
from sticli.daemon.engines.gpu.model import load
from sticli.errors import SticliError
from sticli.kernels.formats import FORMATS

CPU = torch.device("cpu")


def test_every_part_prints_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "found.json"
    kernels.run(kernels.Options("tiny", ("Q4_K_M",), ("kernels", "passes"), output=str(output)))
    printed, found = capsys.readouterr().out, json.loads(output.read_text())
    for table in ("products, Q4_K", "attention", "passes, Q4_K_M"):
        assert f"\n{table}\n" in printed
        assert found[table]
    assert len(found["questions on one context, Q4_K_M"]) == 2
    decode = [row for row in found["passes, Q4_K_M"] if row["what"] == "decode"]
    assert {row["rows"] for row in decode} == {"1", "4", "16"}
    assert all(float(row["over the floor"]) > 0 for row in decode)


def test_what_it_does_not_know_is_refused() -> None:
    for options in (
        kernels.Options(shape="gpt-2"),
        kernels.Options(weights=("Q9",)),
        kernels.Options(parts=("everything",)),
    ):
        with pytest.raises(SticliError, match="no "):
            kernels.run(options)


@pytest.mark.parametrize("kind", ["Q4_K_M", "BF16", "Q8_0"])
def test_a_file_of_random_weights_loads(kind: str) -> None:
    shape = SHAPES["tiny"]
    with files.written(shape, kind) as path:
        header = modelfile.check(path)
        model = load(path, header, CPU, lambda done, total: None, packed=True)
        assert header.architecture == shape.architecture
        assert (model.hparams.layers, model.hparams.heads) == (shape.layers, shape.heads)


@pytest.mark.parametrize("kind", [*FORMATS, "BF16"])
def test_random_weights_give_finite_logits(kind: str) -> None:
    rig = Rig(SHAPES["tiny"], kind, 512, CPU)
    output = rig.step([rig.context(70, 4)], 3)()
    assert torch.isfinite(torch.from_numpy(output[0].read())).all()  # type: ignore[index]


def test_the_mixture_is_finer_where_it_matters() -> None:
    kinds = [synthetic.kind_of(synthetic.MIXED, "ffn_down", layer, 32) for layer in range(32)]
    assert kinds[:4] == kinds[28:] == ["Q6_K"] * 4
    assert kinds.count("Q6_K") == 16
    assert synthetic.kind_of(synthetic.MIXED, "output", 0, 32) == "Q6_K"
    assert synthetic.kind_of(synthetic.MIXED, "attn_q", 0, 32) == "Q4_K"
