"""Whether it fits: the arithmetic of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon.worker import desk
from sticli.models import memory, plan, shape
from sticli.models.engine import Running, running, unsupported
from sticli.models.find import embedded_model
from sticli.models.header import Header, read_header
from sticli.models.memory import Memory
from sticli.models.plan import Plan, Wish
from tests.sticli.models.conftest import Program
from tests.tiny import write_recurrent

MB, GB = 1 << 20, 1 << 30
CPU = Running("llama.cpp", "")
GPU = Running("gpu", "", on_gpu=True)
HEADER = read_header(embedded_model())
CELL = shape.cell_bytes(HEADER, "f16", "llama.cpp")


def planned(
    wish: Wish,
    settings: Settings | None = None,
    free: int = 8 * GB,
    on: Running = CPU,
    header: Header = HEADER,
) -> Plan:
    memory = Memory(16 * GB, free)
    return plan.plan(header, on, settings or Settings(), wish, memory, memory)


def test_it_fits() -> None:
    found = planned(Wish())
    assert found.verdict == "fits"
    assert found.context == 8192  # what a session has unless told, and the model can
    assert found.at_once == memory.BUDGET // (8192 * CELL)
    assert found.in_host == 2048 * MB // (8192 * CELL)
    assert "sessions of 8,192 cells at once" in found.said


def test_what_is_wished_for_and_what_the_settings_say() -> None:
    assert planned(Wish(), Settings(context=5000)).context == 5000
    assert planned(Wish(300), Settings(context=5000)).context == 300
    assert planned(Wish(), Settings(kv_budget_mb=3)).budget == 3 * MB


def test_the_budget_is_in_the_way() -> None:
    found = planned(Wish(100_000, 8))
    assert found.verdict == "fits with less"
    need = -(-8 * 100_000 * CELL // MB)
    assert f"`sticli config set kv_budget_mb {need}`" in found.advice
    assert planned(Wish(100_000, 8), Settings(kv_budget_mb=need)).verdict == "fits"
    fewer = found.room // (8 * CELL)
    assert f"sessions of {fewer:,} cells" in found.advice
    assert planned(Wish(fewer, 8)).verdict == "fits"
    assert planned(Wish(fewer + 1, 8)).verdict == "fits with less"


def test_the_memory_is_in_the_way() -> None:
    found = planned(Wish(100_000), free=100 * MB)
    assert found.verdict == "fits with less"
    assert "kv_budget_mb" not in found.advice  # there is nothing to give
    assert found.room == 100 * MB - found.weights
    nothing = planned(Wish(), free=1 * MB)
    assert nothing.verdict == "does not fit"
    assert "its weights take 5.7 MB, 1.0 MB of memory are free" in nothing.advice
    assert planned(Wish(sessions=10_000), free=5 * MB).verdict == "does not fit"


def test_a_gpu_keeps_a_part_for_itself() -> None:
    found = planned(Wish(), free=8 * GB, on=GPU)
    left = 8 * GB - found.weights
    assert found.room == memory.most(left) == min(int(0.9 * left), left - memory.LEAST)
    less = planned(Wish(), Settings(kv_budget_mb=100), free=8 * GB, on=GPU)
    assert less.room == 100 * MB
    assert planned(Wish(), Settings(kv_budget_mb=100_000), free=8 * GB, on=GPU).room == found.room
    assert "of the GPU" in planned(Wish(), free=1 * MB, on=GPU).advice


def test_memory_that_nobody_tells_of() -> None:
    found = plan.plan(HEADER, CPU, Settings(), Wish(), None, None)
    assert (found.verdict, found.room) == ("fits", memory.BUDGET)


def test_a_state_in_place_of_cells(tmp_path: Path) -> None:
    header = read_header(write_recurrent(tmp_path / "model.gguf", seed=1))
    found = planned(Wish(), header=header)
    assert (found.verdict, found.recurrent, found.at_once) == ("fits", True, 0)
    assert "a state of fixed size" in found.said


@given(
    cells=st.integers(1, 1 << 20),
    sessions=st.integers(1, 1000),
    budget=st.integers(0, 1 << 14),
    free=st.integers(0, 64 * GB),
    on=st.sampled_from([CPU, GPU]),
)
def test_a_verdict_is_what_its_numbers_say(
    cells: int, sessions: int, budget: int, free: int, on: Running
) -> None:
    found = planned(Wish(cells, sessions), Settings(kv_budget_mb=budget), free, on)
    fits = found.weights < free and sessions * cells * found.cell <= found.room
    assert (found.verdict == "fits") == fits
    assert found.room + found.weights <= max(free, found.weights)
    assert found.advice


def test_a_session_is_as_long_as_the_daemon_makes_it() -> None:
    assert plan.MOST_CELLS == desk.MOST


def test_the_command(program: Program) -> None:
    code, out, _ = program("plan", "--sessions", "4000", "--context", "500")
    rows = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (code, rows["verdict"].split(":")[0]) == (0, "fits with less")
    assert rows["weights"] == "5.7 MB"
    found = json.loads(program("plan", "embedded", "--json").out)
    assert (found["cell"], found["verdict"]) == (CELL, "fits")
    assert found["memory"]["total"] > found["memory"]["free"] > 0


def test_numbers_that_the_engine_does_not_keep(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_ENGINE", "llama.cpp")
    code, _, err = program("plan", "--kv-type", "q8")
    assert (code, "is for the gpu engine" in err) == (2, True)
    monkeypatch.setenv("STICLI_ENGINE", "gpu")
    found = json.loads(program("plan", "--kv-type", "q8", "--json").out)
    assert found["cell"] == 6 * 2 * 4 * (64 + 2)
    assert program("plan", "--kv-type", "q4").code == 2


def test_which_engine_runs_it(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    header = read_header(write_recurrent(path, seed=1))
    assert 'architecture "mamba"' in unsupported(header, path)
    assert str(path) not in unsupported(header, path)
    assert unsupported(HEADER, path) == ""
    assert running(HEADER, path, Settings(engine="llama.cpp")).engine == "llama.cpp"
    assert running(HEADER, path, Settings(engine="gpu")).engine == "gpu"
    assert running(header, path, Settings()).engine == "llama.cpp"
