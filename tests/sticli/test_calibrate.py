"""`sticli calibrate` as a process: what it replays, what it reports, what it leaves behind."""

import json
import signal
import time
from pathlib import Path

import pytest

from sticli.client import Client
from tests.sticli.conftest import SLOW, Run, start
from tests.sticli.scripted import Json, Script

FORM = {"choices": ["up", "down"], "number": False, "schema": None}


@pytest.fixture
def decision(script: Script) -> Script:
    """A session of 40 lines and a decision that looks at the newest of them."""
    script.sessions["s"] = [f"{'down' if n % 4 == 0 else 'up'} {n}" for n in range(1, 41)]
    script.versions["s"] = script.settled["s"] = 20
    script.flash["s"] = {
        "x": {
            "session": "s", "id": "x", "question": "?", "max_tokens": 5, "debounce_ms": 200,
            "exec": None, "answer": None, "fresh": False, "version": None, "confidence": None,
            "evaluated_at": None, "device_ms": None, "evaluations": 0, "form": FORM, "gap": 2.0,
        }
    }  # fmt: skip
    script.decide = decide
    return script


def decide(lines: list[str]) -> Json:
    """Open at every tenth line; else always up, with a lead that grows with the line."""
    number = len(lines)
    if number % 10 == 0:
        return {"lead": 0.5, "fresh": False, "answer": "up"}
    return {"lead": number / 10, "fresh": True, "answer": "up"}


def truth(path: Path) -> str:
    rows = [f"{n},{'down' if n % 4 == 0 else 'up'}" for n in range(1, 41)]
    path.write_text("\n".join(["line,truth", *rows]))
    return str(path)


def test_coverage_and_precision_at_each_gap(decision: Script, sticli: Run, tmp_path: Path) -> None:
    file = truth(tmp_path / "t.csv")
    found = json.loads(
        sticli("calibrate", "s", "x", "--truth", file, "--json", "--precision", "0.7").stdout
    )
    assert (found["points"], found["gap"], found["choices"]) == (40, 2.0, ["up", "down"])
    rows = {row["gap"]: row for row in found["rows"]}
    # 36 are not open; of the multiples of 4 below 40 all but 20 and 40 are wrong
    assert (rows[0.0]["covered"], rows[0.0]["right"], rows[0.0]["of"]) == (36, 28, 40)
    assert (rows[3.0]["covered"], rows[3.0]["right"]) == (9, 7)
    assert max(rows) == 4.0
    assert rows[4.0]["precision"] is None
    assert found["least"]["gap"] == 0.0
    assert found["sure"] is None
    assert set(decision.sessions) == {"s"}


def test_the_table_marks_the_gap_in_force(decision: Script, sticli: Run, tmp_path: Path) -> None:
    done = sticli("calibrate", "s", "x", "--truth", truth(tmp_path / "t.csv"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split()[:3] == ["GAP", "COVERED", "COVERAGE"]
    assert "\n2*" in done.stdout
    assert "no gap would surely give 95.0% precision" in done.stdout
    assert "40 points" in done.stderr


def test_the_scratch_session_sees_each_point_as_it_was(decision: Script, sticli: Run) -> None:
    seen: dict[int, str] = {}

    def watch(lines: list[str]) -> Json:
        seen[len(lines)] = lines[-1]
        return {"lead": 1.0, "fresh": True, "answer": "up"}

    decision.decide = watch
    rows = '{"version": 2, "truth": "down"}\n{"version": 20, "truth": "down"}\n'
    done = sticli("calibrate", "s", "x", "--truth", "-", input=rows)
    assert done.returncode == 0, done.stderr
    decision.sessions.clear()
    assert {4: "down 4", 40: "down 40"}.items() <= seen.items()
    assert set(seen) == {4, 40}


def test_it_cleans_up_after_ctrl_c(decision: Script, tmp_path: Path) -> None:
    decision.decide = lambda lines: {}  # never decided
    with start("calibrate", "s", "x", "--truth", truth(tmp_path / "t.csv")) as process:
        end = time.monotonic() + SLOW
        while len(decision.sessions) < 2 or not any(
            decision.sessions[name] for name in decision.sessions if name != "s"
        ):
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=SLOW)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert set(decision.sessions) == {"s"}


@pytest.mark.parametrize(
    ("rows", "code", "what"),
    [
        ("41,up\n", 2, "names line 41, session s has 40"),
        ('{"version": 21, "truth": "up"}', 2, "names version 21, session s has 20"),
        ("1,left\n", 2, "none of the choices"),
    ],
)
def test_a_truth_that_does_not_fit(
    decision: Script, sticli: Run, rows: str, code: int, what: str
) -> None:
    done = sticli("calibrate", "s", "x", "--truth", "-", input=rows)
    assert (done.returncode, done.stdout) == (code, "")
    assert what in done.stderr
    assert set(decision.sessions) == {"s"}


def test_only_decisions_can_be_calibrated(decision: Script, sticli: Run) -> None:
    decision.flash["s"]["x"]["form"] = None
    done = sticli("calibrate", "s", "x", "--truth", "-", input="1,up\n")
    assert done.returncode == 2
    assert "--choices" in done.stderr
    assert sticli("calibrate", "s", "x", "--truth", "/no/such/file").returncode == 2
    assert sticli("calibrate", "s", "nobody", "--truth", "-").returncode == 3


def test_a_real_decision(daemon: Client, sticli: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "truth.csv")
    feed = sticli("demo", "feed", "--truth", file, "--lines", "60", "--points", "20")
    assert "sticli calibrate SESSION state" in feed.stderr
    assert sticli("append", "s", input=feed.stdout).returncode == 0
    words = ("--id", "state", "--choices", "up,down,slow,busy")
    assert sticli("flash", "add", "s", "state of abc?", *words).returncode == 0
    done = sticli("calibrate", "s", "state", "--truth", file, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["points"] == Path(file).read_text().count("\n") - 1
    assert [one.name for one in daemon.sessions()] == ["s"]
