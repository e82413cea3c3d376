"""The bench of the GPU engine runs through, and its files of random weights are real ones."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sticli.bench import kernels, kinds
from sticli.bench.gpu import attention, matrices, stopwatch
from sticli.bench.gpu.rig import Rig
from sticli.bench.shapes import SHAPES
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
    assert {row["rows"] for row in decode} == {1, 4, 16}
    assert all(row["over the floor"] > 0 for row in decode)


def test_what_it_does_not_know_is_refused() -> None:
    for options in (
        kernels.Options(shape="gpt-2"),
        kernels.Options(weights=("Q9",)),
        kernels.Options(parts=("everything",)),
        kernels.Options(llama_bench="/nonexistent"),
    ):
        with pytest.raises(SticliError, match="no "):
            kernels.run(options)


def test_with_json_stdout_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    kernels.run(kernels.Options("tiny", ("Q8_0",), ("passes",), cells=10, json=True))
    streams = capsys.readouterr()
    assert json.loads(streams.out)["schema_version"] == 1
    assert "cells, Q8_0: 10 " in streams.err


def test_a_pool_that_holds_nothing_is_told_and_not_fatal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "found.json")
    kernels.run(kernels.Options("tiny", ("Q8_0",), ("passes",), cells=10, output=output))
    found = json.loads(Path(output).read_text())
    assert found["cells, Q8_0"] == 10
    assert found["passes, Q8_0"] == found["questions on one context, Q8_0"] == []
    assert "left out" in capsys.readouterr().out


@pytest.mark.usefixtures("home")  # whose cache gets a file of random weights
def test_what_was_found_before_a_failure_is_kept(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    options = kernels.Options("tiny", (), ("peers",), llama_bench="false", output=str(output))
    with pytest.raises(SticliError, match="failed with 1"):
        kernels.run(options)
    assert json.loads(output.read_text())["copy"] > 0


def test_a_table_that_is_broken_off_is_printed_as_far_as_it_got(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def rows() -> Iterator[tuple[object, ...]]:
        yield "first", 1.0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kernels.Report().table("some", ("what", "us"), rows())
    assert "first" in capsys.readouterr().out


@pytest.mark.parametrize(("inputs", "calls"), [(1, 8), (3, 6), (64, 64)])
def test_on_a_gpu_calls_go_round_among_the_inputs(
    inputs: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replayed(work: Callable[[], object]) -> float:
        work()
        return 10.0

    monkeypatch.setattr(stopwatch, "_replayed", replayed)
    called: list[int] = []
    assert stopwatch.seconds(called.append, inputs, torch.device("cuda")) == 10.0 / calls
    assert called == [n % inputs for n in range(calls)]


def test_attention_reads_the_cells_of_another_layer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """8k cells of a large model fit into a GPU's cache: there nobody would read memory."""
    monkeypatch.setattr(attention, "copies", lambda size, device: 2)
    case = next(attention.cases(SHAPES["tiny"], CPU))
    assert case.inputs == 2
    assert case.theirs
    ours: list[Any] = [case.ours(n) for n in range(2)]
    theirs: list[Any] = [case.theirs(n) for n in range(2)]
    assert not torch.equal(ours[0].values, ours[1].values)
    assert not torch.equal(theirs[0], theirs[1])


def test_the_floor_counts_the_bytes_of_a_file() -> None:
    """Not ours, which are more where scales are unpacked: a fat layout would look fast."""
    packed = matrices.weight("Q2_K", 64, 512, CPU)
    assert matrices.size(packed) == 64 * 2 * 84
    assert kinds.pure(("Q8_0", "Q4_K_M", "Q4_K")) == ("Q8_0", "Q4_K", "Q6_K")


@pytest.mark.parametrize("kind", [*FORMATS, "BF16"])
def test_random_weights_give_finite_logits(kind: str) -> None:
    rig = Rig(SHAPES["tiny"], kind, 512, CPU)
    output = rig.step([rig.context(70, 4)], 3)()
    assert torch.isfinite(torch.from_numpy(output[0].read())).all()  # type: ignore[index]


def test_the_mixture_is_finer_where_it_matters() -> None:
    found = [kinds.kind_of(kinds.MIXED, "ffn_down", layer, 32) for layer in range(32)]
    assert found[:4] == found[28:] == ["Q6_K"] * 4
    assert found.count("Q6_K") == 16
    assert kinds.kind_of(kinds.MIXED, "output", 0, 32) == "Q6_K"
    assert kinds.kind_of(kinds.MIXED, "attn_q", 0, 32) == "Q4_K"


def test_only_the_last_token_of_a_row_meets_the_head() -> None:
    """Nor do others meet the end of the last layer: counted for all, it would flatter a prefill."""
    rig, shape = Rig(SHAPES["tiny"], "Q8_0", 512, CPU), SHAPES["tiny"]
    last = 3 * shape.forward * shape.width + shape.vocabulary * shape.width
    attention = 2 * (shape.heads + shape.kv_heads) * shape.head_size * shape.width
    assert rig.last_numbers == last
    assert rig.numbers == shape.layers * attention + 3 * shape.forward * shape.width
