"""`sticli doctor`, `sticli config` and `sticli version`."""

import json
from pathlib import Path

import pytest

from sticli.protocol import PROTOCOL
from tests.sticli.conftest import Run


def findings(sticli: Run) -> dict[str, dict[str, object]]:
    found = json.loads(sticli("doctor", "--json").stdout)
    return {check["name"]: check for check in found["checks"]}


def test_a_good_installation(
    home: Path, sticli: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_MODEL", str(model))
    done = sticli("doctor")
    assert done.returncode == 0, done.stdout
    assert "PROBLEM" not in done.stdout
    assert findings(sticli)["model"]["found"] == str(model)


def test_problems_are_named_with_what_to_do(
    home: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("modle = 1\n")
    found = findings(sticli)["settings"]
    assert (found["ok"], found["advice"]) == (False, "did you mean model?")
    assert sticli("doctor").returncode == 1
    (home / "config" / "config.toml").write_text(f"model = '{home}/none.gguf'\n")
    assert findings(sticli)["model"]["ok"] is False
    (home / "none.gguf").write_text("no model")
    assert "not a GGUF file" in str(findings(sticli)["model"]["found"])
    (home / "run").mkdir(mode=0o755)
    assert findings(sticli)["socket"]["ok"] is False


def test_settings_and_their_origin(
    home: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").mkdir()
    file = home / "config" / "config.toml"
    file.write_text("threads = 3\n")
    monkeypatch.setenv("STICLI_STEP_MS", "25")
    assert sticli("config", "path").stdout.strip() == str(file)
    settings = json.loads(sticli("config", "show", "--json").stdout)["settings"]
    assert settings["threads"] == {"value": 3, "from": str(file)}
    assert settings["step_ms"] == {"value": 25, "from": "environment"}
    assert settings["context"]["from"] == "default"
    assert sticli("config", "get", "threads").stdout == "3\n"
    assert "MEANING" in sticli("config", "show").stdout


def test_versions(home: Path, sticli: Run) -> None:
    found = json.loads(sticli("version", "--json").stdout)
    assert (found["protocol"], found["daemon"]) == (PROTOCOL, None)
    assert sticli("version").stdout.startswith(f"sticli {found['version']}")
