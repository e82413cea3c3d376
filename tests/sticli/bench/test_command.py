"""`sticli bench`: real engines, a terminal, an interrupt, wrong words."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sticli import cli
from sticli.bench import report
from sticli.bench.workloads.catalogue import WORKLOADS
from tests.sticli.bench.found import ENGINES, found
from tests.sticli.conftest import SLOW, start
from tests.sticli.test_cli import on_a_terminal
from tests.test_layers import HEAVY

SMALL = ("bench", "stream", "--context", "256", "--delta", "64", "--rate", "500")
PAIR = ("--engine", "bare", "--engine", "stateless")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.json"
    report.write(found(), path)
    return path


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def sticli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program in this process, which has loaded everything already."""

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["sticli", *words])
        code = cli.run([*words])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


def test_a_real_run_writes_what_it_says(sticli: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = sticli(*SMALL, *PAIR, "--rounds", "2", "--output", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == json.loads((folder / "report.json").read_text())
    engines = {run["engine"] for run in said["runs"]}
    assert engines == set(said["engines"]) == {"bare", "llama.cpp stateless"}
    assert all(not sample["error"] for run in said["runs"] for sample in run["samples"])
    assert said["command"].startswith("sticli bench stream --context 256")
    page = (folder / "report.md").read_text()
    assert "## stream" in page
    assert (folder / "stream-distribution.png").stat().st_size > 1000
    assert "sticli: stream: " in done.stderr


def test_ctrl_c_keeps_what_was_found(tmp_path: Path) -> None:
    words = (*SMALL, *PAIR, "--rounds", "5000", "--output", str(tmp_path))
    process = start(*words)
    assert process.stderr is not None
    for line in process.stderr:
        if b" of " in line:  # steps are done
            break
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=SLOW)
    assert process.returncode == 130
    assert "was broken off" in shown.decode()
    kept = report.read(tmp_path / "report.json")
    assert 1 <= len(kept.runs) < 5000
    assert (tmp_path / "report.md").exists()


def test_a_report_is_shown_again(sticli: Run, written: Path, tmp_path: Path) -> None:
    done = sticli("bench", "report", str(written))
    for text in (*ENGINES, "Targets: 1 of 2 met", "missed", "first token after"):
        assert text in done.stdout
    assert "\x1b" not in done.stdout
    again = sticli("bench", "report", str(written), "--json").stdout
    assert json.loads(again) == json.loads(written.read_text())


def test_a_folder_stands_for_its_report(sticli: Run, written: Path) -> None:
    for words in (("report",), ("compare", str(written))):
        by_folder = sticli("bench", *words, str(written.parent))
        assert by_folder == sticli("bench", *words, str(written))
        assert by_folder.returncode == 0


def test_what_cannot_be_written_is_shown(sticli: Run, written: Path, tmp_path: Path) -> None:
    (tmp_path / "report.md").symlink_to("/dev/full")
    done = sticli("bench", "report", str(written), "--output", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"sticli: {tmp_path}: No space left on device (free some disk space)\n"
    assert done.stdout == sticli("bench", "report", str(written)).stdout


def test_a_terminal_gets_tables_that_fit_and_a_plot(written: Path) -> None:
    shown = on_a_terminal("bench", "report", str(written), COLUMNS="80", LINES="50")
    assert "\x1b[" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(len(line.rstrip()) for line in plain.splitlines()) <= 80
    assert "● sticli live" in plain
    assert "┌───" in plain
    bare = on_a_terminal("bench", "report", str(written), COLUMNS="80", LINES="50", NO_COLOR="1")
    assert "\x1b" not in bare
    assert "┌───" in bare


def test_a_regression_fails_if_asked(sticli: Run, written: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.json"
    report.write(found(seed=2, slower=1.5), slow)
    words = ("bench", "compare", str(written), str(slow))
    assert sticli(*words).returncode == 0
    done = sticli(*words, "--fail")
    assert done.returncode == 1
    assert "8 slower" in done.stdout
    assert sticli("bench", "compare", str(written), str(written), "--fail").returncode == 0
    assert len(json.loads(sticli(*words, "--json").stdout)["lines"]) == 32


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("stream", "--engine", "x"), 2, "no engine 'x'"),
        (("stream", "--context", "many"), 2, "--context: 'many' is no size"),
        (("stream", "--context", "1k,"), 2, "--context: '' is no size"),
        (("stream", "--rate", "nan"), 2, "--rate: nan is no number of lines"),
        (("stream", "--peer", "x"), 2, "'x' is no peer"),
        (("stream", "--shape", "x"), 2, "no shape 'x'"),
        (("stream", "--preset", "p2"), 2, "stream has no preset p2"),
        (("all", "--model", "/nowhere"), 3, "no model file at /nowhere"),
        (("report", "/nowhere"), 3, "no file /nowhere"),
        (("stream", "--output", "/proc/none"), 1, "/proc/none"),
    ],
)
def test_wrong_words_are_one_line(
    sticli: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    done = sticli("bench", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_notes_say_how_peers_are_started(sticli: Run) -> None:
    shown = sticli("bench", "peers").stdout
    for name in ("llama-server", "vllm", "sglang"):
        assert name in shown.lower()


def test_every_workload_is_a_command(sticli: Run) -> None:
    shown = sticli("bench", "--help").stdout
    for name in (*WORKLOADS, "all", "compare", "report", "peers", "kernels"):
        assert re.search(rf"^ *{name}  ", shown, re.MULTILINE), name
    assert sticli("_complete", "fish", "--", "bench", "st").stdout.startswith("stream\t")
    offered = sticli("_complete", "fish", "--", "bench", "stream", "--preset", "").stdout
    assert "p1" in offered.split()


def test_the_command_line_stays_light() -> None:
    code = "import sys; from sticli.cli import build; build(['bench']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = HEAVY | {"matplotlib", "plotext"}
    assert not heavy & {name.split(".")[0] for name in loaded}
