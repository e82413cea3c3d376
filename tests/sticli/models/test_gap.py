"""How far decisions have to lead: a model may say it, but no nonsense."""

import math
import struct
from pathlib import Path

import pytest

from sticli.models import gap
from sticli.models.find import configured, embedded_model
from sticli.models.header import Header, Value, read_header


def header(values: dict[str, Value]) -> Header:
    return Header("", "llama", values, {}, {})


@pytest.mark.parametrize(("told", "kept"), [(0.25, 0.25), (0, 0.0), (3, 3.0), (0.3, 0.3)])
def test_a_model_names_its_own(told: float, kept: float) -> None:
    (stored,) = struct.unpack("f", struct.pack("f", told))
    told = header({gap.KEY: stored})
    assert gap.of(told) == gap.named(told) == kept


@pytest.mark.parametrize("told", [-1, 1001, math.nan, math.inf, "0.25", True, (0.25, 0.5), None])
def test_nonsense_is_as_if_it_said_nothing(told: Value | None) -> None:
    values: dict[str, Value] = {} if told is None else {gap.KEY: told}
    assert gap.named(header(values)) is None
    assert gap.of(header(values)) == gap.USUAL


def test_the_embedded_model_names_one() -> None:
    assert 0 < gap.of(read_header(embedded_model())) < gap.USUAL


def test_a_setting_means_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert configured("") == embedded_model()
    assert configured("some.gguf") == tmp_path / "some.gguf"
    assert configured("/else/where.gguf") == Path("/else/where.gguf")
