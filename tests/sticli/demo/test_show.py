"""`sticli demo` as a process, with a model that answers nonsense: it judges, ends and cleans up."""

import json
import signal
import time
from pathlib import Path

import pytest

from sticli.client import Client
from sticli.demo.day import LAST, Day
from sticli.demo.world.question import NONE
from sticli.protocol import Ask
from tests.sticli.conftest import SLOW, Run, start


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its home."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_nonsense_is_found_out_and_nothing_is_left(place: Path, model: Path, sticli: Run) -> None:
    words = ("--model", str(model), "--seconds", "3", "--rate", "20", "--seed", "7", "--json")
    done = sticli("demo", *words)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["ok"], found["accuracy"], found["seed"]) == (False, 0.0, 7)
    assert found["fresh_at_end"] is True
    assert found["pushed"]["of"] > 0
    assert not list(place.iterdir())


def test_plain_lines_where_there_is_no_terminal(place: Path, model: Path, sticli: Run) -> None:
    done = sticli("demo", "--model", str(model), "--seconds", "2")
    assert "\x1b" not in done.stdout
    kinds = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"feed", "final", "NOT"} <= kinds


def test_an_interrupted_demo_leaves_nothing(place: Path, model: Path) -> None:
    with start("demo", "--model", str(model), "--seconds", "600") as process:
        assert process.stdout
        while not process.stdout.readline().startswith(b"feed"):
            pass
        home = next(place.iterdir())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SLOW)
    assert process.returncode == 130
    assert not home.exists()


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.4, 0.9])
def test_one_interrupted_twice_as_it_starts_leaves_nothing(
    place: Path, model: Path, pause: float
) -> None:
    with start("demo", "--model", str(model), "--seconds", "600") as process:
        while not list(place.iterdir()) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SLOW)
    assert process.returncode == 130
    assert not list(place.iterdir())


@pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="run by nohup")
def test_one_whose_terminal_is_gone_leaves_nothing(place: Path, model: Path) -> None:
    with start("demo", "--model", str(model), "--seconds", "600") as process:
        assert process.stdout
        while not process.stdout.readline().startswith(b"feed"):
            pass
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=SLOW)
    assert process.returncode == 129
    assert not list(place.iterdir())


def test_the_truth_of_each_version_is_known(daemon: Client) -> None:
    day = Day(daemon, 1, seed=3, tokens=4000)
    seen = [day.trade() for _ in range(12)]
    for version, line in enumerate(seen, 1):
        assert day.truth(LAST, version) == line.split()[1]
    first = seen[0].split()
    assert day.truth(f"last price of {first[1]}?", 1) == first[2]
    assert [day.truth(text, 1) for text in day.questions].count(NONE) == len(day.questions) - 2
    answer = daemon.ask(day.name, Ask(LAST, 2, min_version=day.version))
    assert day.truth(LAST, answer.version) is not None
    assert day.truth(LAST, 99) is None
    assert abs(time.time() - (day.accepted(1) or 0)) < SLOW
    assert not day.over()


def test_a_day_is_over_before_the_context_is_full(daemon: Client) -> None:
    day = Day(daemon, 1, seed=3, tokens=600)
    while not day.over():
        day.trade()
    answer = daemon.ask(day.name, Ask(LAST, 2, min_version=day.version))
    assert answer.pending == 0
    session = daemon.session(day.name)
    assert session.state == "live"
    assert 300 < session.tokens < 600
