"""Which engine runs a model: what the settings say, else what the machine and the model allow."""

from pathlib import Path

import pytest

from sticli.config import Settings
from sticli.daemon.engines.base import Engine, Plan, Row
from sticli.daemon.engines.choose import open_engine
from sticli.daemon.messages import Ready
from sticli.errors import SticliError
from sticli.machine import cuda
from sticli.machine.cuda import Gpu
from tests.tiny import write_recurrent

GPU = Gpu("A GPU", (9, 0))


def opened(folder: Path, model: Path, **settings: object) -> tuple[Engine, Ready]:
    """The engine, closed again, and its card."""
    known = {"model": str(model), "threads": 1, "kv_budget_mb": 1} | settings
    engine, _, ready = open_engine(Settings(**known), folder)
    engine.close()
    return engine, ready


def refused(folder: Path, model: Path, **settings: object) -> SticliError:
    with pytest.raises(SticliError) as caught:
        opened(folder, model, **settings)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "find", lambda: None)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "find", lambda: GPU)


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_llama_cpp_runs_it_and_says_why(tiny: Path, tmp_path: Path) -> None:
    _, ready = opened(tmp_path, tiny)
    assert (ready.engine, ready.detail["chosen"]) == ("llama.cpp", "there is no CUDA GPU")


@pytest.mark.usefixtures("gpu")
def test_a_model_that_the_gpu_engine_does_not_know_goes_to_llama_cpp(tmp_path: Path) -> None:
    model = write_recurrent(tmp_path / "mamba.gguf", seed=1)
    _, ready = opened(tmp_path, model)
    assert ready.engine == "llama.cpp"
    assert '"mamba"' in ready.detail["chosen"]
    assert 'engine = "llama.cpp"' in refused(tmp_path, model, engine="gpu").hint


@pytest.mark.usefixtures("gpu")
def test_packages_that_are_missing_are_named(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "NEEDS", ("torch", "no_such_package"))
    _, ready = opened(tmp_path, tiny)
    assert (ready.engine, ready.detail["chosen"]) == ("llama.cpp", "no_such_package not installed")
    assert "pip install" in refused(tmp_path, tiny, engine="gpu").hint


@pytest.mark.usefixtures("no_gpu")
def test_the_gpu_engine_computes_the_same_on_a_cpu(
    tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = {}
    for name in ("llama.cpp", "gpu"):
        settings = Settings(model=str(tiny), engine=name, kv_budget_mb=1, threads=1)
        engine, vocabulary, ready = open_engine(settings, tmp_path)
        assert (ready.engine, ready.context, ready.vocabulary) == (name, 4096, vocabulary.size)
        seq, tokens = engine.open(200), vocabulary.start() + vocabulary.encode("the other one")
        said = []
        for _ in range(20):
            (scores,) = engine.run(Plan((Row(seq, tokens, engine.length(seq), "last"),))).scores
            assert scores is not None
            tokens = [scores.pick(0).token]
            said += tokens
        found[name] = said
        engine.close()
    assert found["gpu"] == found["llama.cpp"]
    assert "slowly: there is no CUDA GPU" in caplog.text


@pytest.mark.usefixtures("no_gpu")
def test_cells_of_eight_bits_are_half_as_large_and_none_of_llama_cpp(
    tiny: Path, tmp_path: Path
) -> None:
    wide, _ = opened(tmp_path, tiny, engine="gpu", kv_type="bf16")
    narrow, ready = opened(tmp_path, tiny, engine="gpu", kv_type="q8")
    assert ready.detail["kv"] == "q8"
    assert 0.5 < narrow.cell_bytes / wide.cell_bytes < 0.6
    assert narrow.cells > 1.7 * wide.cells
    for engine in ("llama.cpp", "auto"):
        error = refused(tmp_path, tiny, engine=engine, kv_type="q8")
        assert (error.code, "kv_type" in error.hint) == ("bad_request", True)
