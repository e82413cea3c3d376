"""Settings, models, llama.cpp, GPUs and memory, each staged as it goes wrong."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sticli.doctor import engine
from sticli.doctor.check import Check
from sticli.machine import cuda
from sticli.machine.cuda import Gpu
from sticli.models import memory
from sticli.models.memory import Memory
from sticli.paths import resolve


def checks() -> dict[str, Check]:
    return {check.name: check for check in engine.checks(resolve())}


def settle(home: Path, text: str) -> None:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "config.toml").write_text(text)


def child(code: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-c", code]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_settings_that_are_wrong(home: Path) -> None:
    settle(home, "modle = 1\n")
    found = checks()["settings"]
    assert (found.ok, "model" in found.advice) == (False, True)
    assert checks()["model"].ok  # the embedded one is looked at all the same


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no model file"),
        (b"no model", "not a GGUF"),
        (b"GGUF\3\0\0\0", "ends inside its header"),
    ],
)
def test_a_model_that_cannot_be_used(home: Path, content: bytes | None, why: str) -> None:
    file = home / "m.gguf"
    if content is not None:
        file.write_bytes(content)
    settle(home, f"model = '{file}'\n")
    found = checks()["model"]
    assert not found.ok
    assert why in found.found
    assert str(file) in found.found
    assert "the setting `model`" in found.advice


def test_a_model_that_is_cut_short(home: Path, model: Path) -> None:
    file = home / "m.gguf"
    file.write_bytes(model.read_bytes()[:-100])
    settle(home, f"model = '{file}'\n")
    assert "the file holds" in checks()["model"].found


def test_a_model_that_is_too_large(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks()["memory"].ok
    monkeypatch.setattr(memory, "host", lambda: Memory(2 << 30, 1 << 20))
    found = checks()["memory"]
    assert (found.ok, "does not fit" in found.found) == (False, True)
    assert "sticli plan" in found.advice


def test_a_limit_that_is_too_low(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = home / "memory.max"
    group.write_text("max\n")
    monkeypatch.setattr(engine, "_group_files", lambda: iter([home / "none", group]))
    assert checks()["memory limits"].ok
    group.write_text(f"{64 << 20}\n")
    found = checks()["memory limits"]
    assert (found.ok, str(group) in found.found) == (False, True)
    group.write_text("max\n")
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(
        resource,
        "getrlimit",
        lambda what: (1 << 20 if what == resource.RLIMIT_AS else unlimited,) * 2,
    )
    assert "ulimit -v" in checks()["memory limits"].found


@pytest.mark.parametrize(
    ("text", "root", "name"),
    [
        ("0::/user.slice/a.service\n", "", "memory.max"),
        ("9:name=systemd:/\n5:memory:/jobs/a\n", "memory", "memory.limit_in_bytes"),
        ("5:cpu,cpuacct:/jobs\n", "", ""),
    ],
)
def test_limits_of_every_group_around_us_are_read(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str, root: str, name: str
) -> None:
    (home / "cgroup").write_text(text)
    monkeypatch.setattr(engine, "OWN_GROUP", home / "cgroup")
    monkeypatch.setattr(engine, "GROUPS", home)
    found = list(engine._group_files())
    inside = text.strip().rpartition(":")[2].count("/") + (text.strip()[-1] != "/")
    assert len(found) == (inside if name else 0)
    assert all(file.name == name and file.is_relative_to(home / root) for file in found)
    monkeypatch.setattr(engine, "OWN_GROUP", home / "none")
    assert list(engine._group_files()) == []


def test_llama_cpp_computes() -> None:
    found = engine.probed(engine.probe())
    assert found.ok, found
    assert "computes" in found.found


@pytest.mark.parametrize(
    ("code", "why", "advice"),
    [
        ("import no_such_llama_cpp", "not installed", "pip install llama-cpp-python"),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGILL)})", "another CPU", "no-binary"),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", "SIGSEGV", "no-binary"),
        ("raise SystemExit('libgomp.so.1: cannot open')", "libgomp", "no-binary"),
    ],
)
def test_llama_cpp_that_is_missing_or_was_built_for_another_cpu(
    code: str, why: str, advice: str
) -> None:
    found = engine.probed(child(code))
    assert not found.ok
    assert why in found.found
    assert advice in found.advice


def test_a_load_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PROBE", 0.05)
    process = child("import time; time.sleep(600)")
    assert "more than" in engine.probed(process).found
    assert process.returncode == -signal.SIGKILL


def test_a_gpu_engine_that_is_insisted_on_and_cannot_run_is_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cuda, "find", lambda: Gpu("A GPU", (9, 0)))
    monkeypatch.setattr(cuda, "NEEDS", ("pytest",))
    found = engine._gpu("gpu")
    assert (found.result, found.found) == ("ok", "A GPU; the gpu engine can use it")
    monkeypatch.setattr(cuda, "NEEDS", ("no_such_package",))
    assert [engine._gpu(name).result for name in ("auto", "gpu")] == ["note", "PROBLEM"]
    assert "pip install" in engine._gpu("auto").advice
    monkeypatch.setattr(cuda, "NEEDS", ("pytest",))
    monkeypatch.setattr(cuda, "find", lambda: Gpu("An old GPU", (7, 0)))
    assert [engine._gpu(name).result for name in ("auto", "gpu")] == ["ok", "PROBLEM"]
    monkeypatch.setattr(cuda, "find", lambda: None)
    assert engine._gpu("auto").result == "ok"
    assert "on the CPU, slowly" in engine._gpu("gpu").found
