"""Files of random weights: real models, the same for the same seed, and of the size they claim."""

import math
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from sticli import protocol
from sticli.bench import kinds, shapes, synthetic
from sticli.bench.home import daemon
from sticli.bench.prompt import prompter
from sticli.daemon.engines.gpu.model import load
from sticli.errors import SticliError
from sticli.models.find import embedded_model
from sticli.models.header import read_header

ASKED = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tests share the files that they only read."""
    return tmp_path_factory.mktemp("shapes")


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    one, again, other = (
        synthetic.model("tiny", "Q4_K_M", seed, where).read_bytes()
        for where, seed in ((folder, 1), (tmp_path, 1), (tmp_path, 2))
    )
    assert one == again != other


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = synthetic.model("tiny", "", 1, tmp_path)
    path.write_bytes(b"as it was")
    assert synthetic.model("tiny", "Q8_0", 1, tmp_path) == path
    assert path.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [path]


def test_it_lies_in_the_cache(home: Path) -> None:
    path = synthetic.model("tiny", "F16", 3)
    assert path.is_relative_to(home / "cache")
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kinds, "matrix", interrupted)
    with pytest.raises(KeyboardInterrupt):
        synthetic.model("tiny", "F32", 1, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_it_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, kind, folder in (
        ("gpt-2", "F32", tmp_path),
        ("tiny", "Q9", tmp_path),
        ("tiny", "F32", tmp_path / "file"),
    ):
        with pytest.raises(SticliError):
            synthetic.model(name, kind, 1, folder)


@pytest.mark.parametrize("kind", ["Q4_K_M", "BF16", "Q8_0"])
def test_the_gpu_engine_loads_it(kind: str, folder: Path) -> None:
    shape = shapes.SHAPES["tiny"]
    path = synthetic.model(shape.name, kind, 1, folder)
    header = read_header(path)
    model = load(path, header, torch.device("cpu"), lambda *_, **__: None, packed=True)
    assert header.architecture == shape.architecture
    assert (model.hparams.layers, model.hparams.heads) == (shape.layers, shape.heads)


def test_it_answers_at_full_length_through_a_daemon(folder: Path) -> None:
    """No end and no other control token is ever the likeliest: each answer costs the same."""
    path = synthetic.model("tiny", "Q4_K_M", 1, folder)
    with daemon(str(path)) as client:
        client.new(protocol.NewSession("s"))
        for n in range(4):
            answer = client.ask("s", protocol.Ask(f"what of {n}?", max_tokens=ASKED))
            assert (answer.completion_tokens, answer.finish_reason) == (ASKED, "length")
        model = client.status().model
    assert model
    assert (model.context, model.vocabulary) == (shapes.CONTEXT, shapes.SHAPES["tiny"].vocabulary)


def test_texts_are_the_tokens_of_the_embedded_model(folder: Path) -> None:
    text = "10:00:12 ACME 131.40 <2999> <|end|> naïve"
    with (
        prompter(synthetic.model("tiny", "Q4_K_M", 1, folder)) as one,
        prompter(embedded_model()) as other,
    ):
        assert one.vocabulary.encode(text) == other.vocabulary.encode(text)
        assert one.frame.prefix == other.frame.prefix
        assert one.vocabulary.size > other.vocabulary.size


def test_the_shape_of_the_embedded_model_is_its_own(tmp_path: Path) -> None:
    """Every matrix, its size and its kind: biases are all that is left out."""

    def matrices(path: Path) -> dict[str, tuple[tuple[int, ...], int]]:
        tensors = read_header(path).tensors
        return {name: (one.shape, one.kind) for name, one in tensors.items() if "bias" not in name}

    made = matrices(synthetic.model("feed-4m", "Q8_0", 1, tmp_path))
    assert made.items() <= matrices(embedded_model()).items()  # which has a layer more


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind not in kinds.MIXTURES])
def test_values_are_as_large_as_those_of_a_trained_model(kind: str) -> None:
    raw = kinds.matrix(kind, 128, 1024, np.random.default_rng(1))
    values = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType[kind])
    assert values.shape == (128, 1024)
    assert np.isfinite(values).all()
    assert abs(values.mean()) * math.sqrt(1024) < 0.15  # there is one more number below 0
    assert 0.9 < values.std() * math.sqrt(1024) < 1.1
