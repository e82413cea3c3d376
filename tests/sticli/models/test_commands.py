"""`sticli model` and `sticli config`, as a person uses them."""

import json
import os
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from sticli import config, paths
from sticli.client import Client
from sticli.models import cache, gap
from sticli.models.find import embedded_model
from sticli.models.header import read_header
from sticli.protocol import Status
from tests.sticli.conftest import SLOW, Run
from tests.sticli.models.conftest import Program
from tests.sticli.models.test_cache import lay


def kept() -> dict[str, object]:
    return tomllib.loads(paths.resolve().config_file.read_text())


@pytest.fixture
def pulled(tiny: Path) -> Path:
    """The tiny model, as if it had been pulled."""
    import hashlib

    data = tiny.read_bytes()
    return lay("org/tiny", "a", "tiny-F32.gguf", data, hashlib.sha256(data).hexdigest())


def test_a_model_in_use(pulled: Path, sticli: Run, program: Program) -> None:
    """It is marked, it is what the plan foretold, it stays, and it gives way to another."""
    try:
        assert sticli("daemon", "start", "--model", "hf:org/tiny").returncode == 0
        state, rows = running(), listed(program)
        assert [name for name, one in rows.items() if one["running"]] == ["tiny-F32.gguf"]
        assert [name for name, one in rows.items() if one["in_settings"]] == ["embedded"]
        assert rows["tiny-F32.gguf"]["sha256"] == cache.recorded(pulled)
        assert "hf:org/tiny  running" in program("model", "ls").out
        found = json.loads(program("plan", "tiny", "--json").out)
        assert state.model
        assert state.model.detail["cell_bytes"] == str(found["cell"])
        assert state.cells == found["room"] // found["cell"]
        code, _, err = program("model", "rm", "tiny", "--yes")
        assert (code, "the daemon runs it" in err) == (5, True)
        # what was given at the start gives way to what is chosen later
        assert sticli("model", "use", "embedded", "--restart").returncode == 0
        state = running()
        assert state.model
        assert state.model.path == str(embedded_model())
        assert program("model", "rm", "tiny", "--yes").code == 0
    finally:
        sticli("daemon", "stop")


def test_an_older_revision_that_the_settings_name_stays(pulled: Path, program: Program) -> None:
    assert program("model", "use", "tiny").code == 0
    newer = lay("org/tiny", "b", "tiny-F32.gguf", b"another")
    (cache.place("org/tiny") / "refs").mkdir()
    (cache.place("org/tiny") / "refs" / "main").write_text("b")
    assert cache.pulled()[0].path == newer
    code, _, err = program("model", "rm", "tiny", "--yes")
    assert (code, "the settings name it" in err) == (5, True)
    assert pulled.is_file()


def running() -> Status:
    with closing(Client(paths.resolve().socket, SLOW)) as client:
        return client.status()


def listed(program: Program) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in json.loads(program("model", "ls", "--json").out)["models"]}


def test_the_one_in_the_settings_stays(pulled: Path, program: Program) -> None:
    program("model", "use", "tiny")
    assert "hf:org/tiny  chosen" in program("model", "ls").out
    code, _, err = program("model", "rm", "tiny", "--yes")
    assert (code, "the settings name it" in err) == (5, True)


def test_files_that_are_no_models_are_listed_as_such(program: Program) -> None:
    lay("org/bad", "a", "bad.gguf", b"no model")
    out = program("model", "ls").out
    assert "bad.gguf" in out
    assert "it is not a GGUF file" in out
    _, found = json.loads(program("model", "ls", "--json").out)["models"]
    assert (found["context"], "not a GGUF" in found["problem"]) == (None, True)


def test_a_model_that_is_gone_is_listed_as_such(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_MODEL", "/no/where.gguf")
    assert "cannot load /no/where.gguf: no such file" in program("model", "ls").out


def test_use_changes_one_line(pulled: Path, program: Program) -> None:
    file = paths.resolve().config_file
    file.parent.mkdir(parents=True)
    file.write_text("# mine\nthreads = 2  # enough\n")
    code, out, err = program("model", "use", "tiny")
    assert (code, out) == (0, "")
    assert "`sticli model use tiny --restart` puts it in force" in err
    assert file.read_text() == f'# mine\nthreads = 2  # enough\nmodel = "{pulled}"\n'
    assert config.load(file, {})[0].model == str(pulled)
    found = json.loads(program("model", "use", "embedded", "--json").out)
    assert (found["key"], found["value"]) == ("model", None)
    assert file.read_text() == "# mine\nthreads = 2  # enough\n"


def test_use_of_what_no_engine_can_load_changes_nothing(
    program: Program, tmp_path: Path, tiny: Path
) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny.read_bytes()[:-100])
    for words in (("model", "use", str(cut)), ("config", "set", "model", str(cut))):
        code, _, err = program(*words)
        assert (code, "the file holds" in err) == (1, True)
    assert not paths.resolve().config_file.exists()


def test_inspect_says_what_the_file_says(pulled: Path, program: Program) -> None:
    found = json.loads(program("model", "inspect", "tiny", "--json").out)
    assert (found["name"], found["architecture"], found["layers"]) == ("tiny-1", "llama", 2)
    assert (found["heads"], found["kv_heads"], found["vocabulary"]) == (4, 2, 267)
    assert (found["chat_template"], found["sha256"]) == (True, cache.recorded(pulled))
    assert found["mixture"] == {"F32": found["weights"]}
    lines = program("model", "inspect").out.splitlines()
    rows = dict(line.split("  ", 1) for line in lines)
    assert found["gap"] is None
    assert float(rows["gap of decisions"]) == gap.named(read_header(embedded_model()))
    assert rows["licence"].strip() == "MIT"
    assert rows["mixture"].strip() == "Q8_0 99.6 %, F32 0.4 %"
    assert rows["parameters"].strip() == "5,360,896"


def test_verify(pulled: Path, program: Program, tiny: Path) -> None:
    code, out, err = program("model", "verify", "tiny-f32")
    assert (code, out.strip()) == (0, cache.recorded(pulled))
    assert "all 21 tensors lie within the file, its sha256 is what the hub said" in err
    assert "no sha256 is known" in program("model", "verify", str(tiny)).err
    data = bytearray(pulled.read_bytes())
    data[-1] ^= 1
    pulled.resolve().write_bytes(data)
    code, out, err = program("model", "verify", "tiny-f32")
    assert (code, out) == (1, "")
    assert "is damaged: its sha256 is" in err
    pulled.resolve().write_bytes(data[:-100])
    code, _, err = program("model", "verify", "tiny-f32", "--json")
    assert (code, err) == (1, "")


def test_removal_asks(pulled: Path, program: Program) -> None:
    code, _, err = program("model", "rm", "tiny")
    assert (code, "confirm with --yes" in err) == (2, True)
    assert pulled.exists()
    found = json.loads(program("model", "rm", "tiny", "--yes", "--json").out)
    assert found["removed"] == "hf:org/tiny:tiny-F32.gguf"
    assert not pulled.exists()


def test_settings_are_set_and_unset(program: Program) -> None:
    assert program("config", "set", "kv_budget_mb", "100").code == 0
    assert program("config", "set", "snapshot_idle_s", "1.5").code == 0
    assert program("config", "set", "engine", "llama.cpp").code == 0
    assert kept() == {"kv_budget_mb": 100, "snapshot_idle_s": 1.5, "engine": "llama.cpp"}
    assert program("config", "unset", "engine").code == 0
    assert json.loads(program("config", "get", "engine", "--json").out)["origin"] == "default"
    assert program("config", "set", "model", "embedded").code == 0
    assert kept() == {"kv_budget_mb": 100, "snapshot_idle_s": 1.5, "model": ""}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("set", "kv_budget_mb", "much"), "must be a whole number"),
        (("set", "engine", "cuda"), "must be auto or gpu"),
        (("set", "kv_budget", "1"), "did you mean kv_budget_mb"),
        (("unset", "modle"), "did you mean model"),
    ],
)
def test_what_cannot_be_set(program: Program, words: tuple[str, ...], why: str) -> None:
    code, out, err = program("config", *words)
    assert (code, out) == (2, "")
    assert why in err
    assert not paths.resolve().config_file.exists()


def test_the_environment_is_stronger(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STICLI_THREADS", "3")
    assert (
        "STICLI_THREADS=3 of the environment is stronger"
        in program("config", "set", "threads", "2").err
    )


def editor(tmp_path: Path, script: str) -> str:
    file = tmp_path / "my editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    return f"'{file}' -w"


def test_the_file_is_edited_and_checked(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'echo "threads = 5" >> "$2"'))
    code, _, err = program("config", "edit")
    assert (code, "is in order" in err) == (0, True)
    assert kept() == {"threads": 5}
    text = paths.resolve().config_file.read_text()
    assert all(f"\n# {key} = " in text for key in config.DOC)  # for who does not know them
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'echo "thread = 5" > "$2"'))
    code, _, err = program("config", "edit")
    assert (code, "did you mean threads" in err) == (2, True)


@pytest.mark.parametrize(
    ("named", "code", "why"), [("false", 1, "ended with 1"), ("/no/editor", 3, "set EDITOR")]
)
def test_editors_that_fail(
    program: Program, monkeypatch: pytest.MonkeyPatch, named: str, code: int, why: str
) -> None:
    monkeypatch.setenv("VISUAL", named)
    found = program("config", "edit")
    assert (found.code, why in found.err) == (code, True)


def test_no_editor_at_all(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for key in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("config", "edit").code == 3
    assert os.environ["PATH"] == str(tmp_path)
