"""From settings to an engine that answers, and what it remembers for the next start."""

import json
import time
from pathlib import Path

import gguf
import msgspec
import numpy as np
import pytest

from sticli.config import Settings
from sticli.daemon.engines import measurement
from sticli.daemon.engines.base import Exhausted, Plan, Row
from sticli.daemon.engines.choose import open_engine
from sticli.errors import SticliError
from sticli.models import gap
from sticli.models.find import embedded_model
from sticli.models.header import read_header
from tests.tiny import CELL_BYTES, WIDTH, add_vocabulary, vocabulary


def test_an_engine_from_settings(tiny: Path, tmp_path: Path) -> None:
    settings = Settings(model=str(tiny), engine="llama.cpp", kv_budget_mb=1, threads=1)
    engine, vocabulary, ready = open_engine(settings, tmp_path)
    assert (ready.path, ready.name, ready.engine) == (str(tiny), "tiny-1", "llama.cpp")
    assert (ready.context, ready.vocabulary) == (4096, vocabulary.size)
    assert ready.detail["threads"] == "1"
    assert 0.9 < ready.cells * CELL_BYTES / (1 << 20) <= 1
    seq = engine.open(ready.cells)
    with pytest.raises(Exhausted):
        engine.open(1)
    tokens = vocabulary.start() + vocabulary.encode("hello")
    (logits,) = engine.run(Plan((Row(seq, tokens, 0, "last"),))).logits
    assert logits is not None
    assert logits.shape == (1, vocabulary.size)
    engine.close()


def test_the_gap_of_decisions_is_that_of_the_file(tiny: Path, tmp_path: Path) -> None:
    for model, told in (("", gap.of(read_header(embedded_model()))), (str(tiny), gap.USUAL)):
        settings = Settings(model=model, engine="llama.cpp", kv_budget_mb=8, threads=1)
        engine, _, ready = open_engine(settings, tmp_path)
        assert ready.gap == told
        engine.close()


@pytest.mark.parametrize(("quiet", "age", "kept"), [(1, 9e9, 1), (0, 60, 1), (0, 9000, 0)])
def test_threads_that_others_disturbed_are_soon_measured_again(
    tiny: Path, tmp_path: Path, quiet: int, age: float, kept: int
) -> None:
    settings = Settings(model=str(tiny), engine="llama.cpp", threads=1)
    open_engine(settings, tmp_path)[0].close()
    file = tmp_path / "calibration.json"
    ((key, finding),) = json.loads(file.read_text()).items()
    flash = not finding["tuning"]["flash"]
    finding["tuning"] = {"flash": flash, "chunk": 200, "threads": 2}
    finding |= {"quiet": bool(quiet), "at": time.time() - age}
    file.write_bytes(msgspec.json.encode({key: finding}))
    engine, _, ready = open_engine(settings, tmp_path)
    assert ready.detail["threads"] == ("2" if kept else "1")
    # what was saved can still be loaded
    assert (engine.chunk, ready.detail["flash_attention"]) == (200, "on" if flash else "off")
    engine.close()


def test_who_gets_no_cpu_is_disturbed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    settings = Settings(model=str(tiny), engine="llama.cpp", threads=1)
    monkeypatch.setattr(measurement, "_chunk", lambda *_: (128, 1.0))
    open_engine(settings, tmp_path)[0].close()
    assert '"quiet":false' in (tmp_path / "calibration.json").read_text()


def test_the_measurement_is_remembered(tiny: Path, tmp_path: Path) -> None:
    settings = Settings(model=str(tiny), engine="llama.cpp", threads=1)
    first, _, _ = open_engine(settings, tmp_path)
    first.close()
    file = tmp_path / "calibration.json"
    known = json.loads(file.read_text())
    ((key, finding),) = known.items()
    assert "llama_cpp" not in key
    finding["tuning"] |= {"flash": not finding["tuning"]["flash"], "chunk": 200}
    file.write_bytes(msgspec.json.encode(known))
    second, _, ready = open_engine(settings, tmp_path)
    assert second.chunk == 200
    assert ready.detail["flash_attention"] == ("on" if finding["tuning"]["flash"] else "off")
    second.close()


def test_a_damaged_memory_is_replaced(tiny: Path, tmp_path: Path) -> None:
    for name in ("calibration.json", "models.json"):
        (tmp_path / name).write_bytes(b'{"a": 5')
    engine, _, ready = open_engine(
        Settings(model=str(tiny), engine="llama.cpp", threads=1), tmp_path
    )
    engine.close()
    assert ready.sha256 in (tmp_path / "calibration.json").read_text()


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SticliError, match="no such file") as caught:
        open_engine(Settings(model=str(tmp_path / "none.gguf")), tmp_path)
    assert caught.value.code == "model"


def test_a_model_that_only_encodes(tmp_path: Path) -> None:
    path = write_encoder(tmp_path / "encoder.gguf")
    with pytest.raises(SticliError, match="keeps no cells") as caught:
        open_engine(Settings(model=str(path), threads=1), tmp_path)
    assert caught.value.code == "model"


def write_encoder(path: Path) -> Path:
    """A sentence encoder: one layer, all zeros, with the tiny model's vocabulary."""
    writer = gguf.GGUFWriter(path, "bert")
    for key, value in {
        "context_length": 64,
        "embedding_length": WIDTH,
        "block_count": 1,
        "feed_forward_length": WIDTH,
        "attention.head_count": 1,
    }.items():
        writer.add_uint32(f"bert.{key}", value)
    writer.add_float32("bert.attention.layer_norm_epsilon", 1e-5)
    writer.add_token_type_count(2)
    add_vocabulary(writer, None)
    square, line = np.zeros((WIDTH, WIDTH), np.float32), np.zeros(WIDTH, np.float32)
    writer.add_tensor("token_embd.weight", np.zeros((len(vocabulary()), WIDTH), np.float32))
    writer.add_tensor("token_types.weight", np.zeros((2, WIDTH), np.float32))
    writer.add_tensor("position_embd.weight", np.zeros((64, WIDTH), np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", square)
        writer.add_tensor(f"blk.0.{name}.bias", line)
    for name in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        writer.add_tensor(f"{name}.weight", line)
        writer.add_tensor(f"{name}.bias", line)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_cut_model(tiny: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny.read_bytes()[:-1000])
    with pytest.raises(SticliError, match="the file holds"):
        open_engine(Settings(model=str(cut)), tmp_path)


def test_the_embedded_model(tmp_path: Path) -> None:
    try:
        path = embedded_model()
    except SticliError:
        pytest.skip("no model ships with this tree yet")
    engine, vocabulary, ready = open_engine(Settings(), tmp_path)
    assert ready.path == str(path)
    tokens = vocabulary.encode("last price?\n")
    assert b"".join(map(vocabulary.piece, tokens)) == b"last price?\n"
    engine.close()
