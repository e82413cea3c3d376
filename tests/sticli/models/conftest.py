"""A tiny model file, a hub that holds it, and the program in this process."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sticli.cli import run
from sticli.models.hub import QUIET
from tests.sticli.models.hubs import Hub, serve
from tests.tiny import CHATML, write_model


class Result(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Program = Callable[..., Result]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model file with a chat template."""
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", seed=1, template=CHATML)


@pytest.fixture(autouse=True)
def no_hub_of_a_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No cache and no login of the person who runs the tests is met."""
    for key in [key for key in os.environ if key.startswith(("HF_", "HUGGING"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
    for key in QUIET:  # the program sets them for its process: this one
        monkeypatch.setenv(key, "0")


@pytest.fixture
def hub(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one repository of two quantisations, by name; all else is beside them."""
    data = tiny.read_bytes()
    files = {"README.md": b"#", "tiny-Q4_K_M.gguf": data, "tiny-Q8_0.gguf": data + b"\0"}
    with serve(Hub(files)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


@pytest.fixture
def program(home: Path, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program: `program("model", "ls")`."""

    def call(*words: str) -> Result:
        code = run(list(words))
        return Result(code, *capsys.readouterr())

    return call
