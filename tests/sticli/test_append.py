"""`sticli append` as a process: what arrives, what it says, and how it ends."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sticli.client import Client
from tests.sticli.conftest import SLOW, Run, command, start
from tests.sticli.scripted import Script, serve


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SLOW
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_lines_arrive_as_they_are(script: Script, sticli: Run) -> None:
    done = sticli("append", "s", text=False, input=b"a\r\n\xffb\0\n\nlast without newline")
    assert done.returncode == 0, done.stderr
    assert script.sessions["s"] == ["a", "\ufffdb\0", "", "last without newline"]
    assert done.stdout == b""
    said = done.stderr.decode()
    assert "created session s" in said
    assert "4 lines, 28 B → s at version 1, 1 byte replaced (not UTF-8)" in said


def test_text_of_the_command_line(script: Script, sticli: Run) -> None:
    sticli("append", "s", "hello", "there\nyou", input="not read")
    assert script.sessions["s"] == ["hello there", "you"]


def test_a_missing_session_is_3_where_none_may_be_made(script: Script, sticli: Run) -> None:
    done = sticli("append", "s", "--no-create", input="a\n")
    assert (done.returncode, script.sessions) == (3, {})


def test_lines_arrive_while_the_pipe_is_open(script: Script) -> None:
    with start("append", "s") as process:
        assert process.stdin
        process.stdin.write(b"one\ntw")
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["one"])
        process.stdin.write(b"o\n")
        process.stdin.flush()
        until(lambda: script.sessions["s"] == ["one", "two"])
        process.communicate(timeout=SLOW)
    assert process.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stores_what_was_read(script: Script, number: int, code: int) -> None:
    with start("append", "s") as process:
        assert process.stdin
        process.stdin.write(b"one\nunfinished")
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["one"])
        process.send_signal(number)
        _, said = process.communicate(timeout=SLOW)
    assert process.returncode == code
    assert script.sessions["s"] == ["one", "unfinished"]
    assert b"2 lines" in said


def test_a_signal_cuts_no_line_that_comes_again(script: Script, sticli: Run) -> None:
    with start("append", "s", "--producer", "p") as process:
        assert process.stdin
        process.stdin.write(b"one\nunfin")
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["one"])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SLOW)
    assert process.returncode == 130
    sticli("append", "s", "--producer", "p", input="one\nunfinished\ntwo")
    assert script.sessions["s"] == ["one", "unfinished", "two"]


def test_a_second_signal_ends_at_once(home: Path) -> None:
    script = Script(sessions={"s": []})
    stop = serve(home / "run" / "sticli.sock", script)
    with start("append", "s") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until(lambda: script.sessions["s"] == ["one"])
        stop()  # from now on nothing can be sent
        process.stdin.write(b"two\n" * 3)
        process.stdin.flush()
        assert b"sent again" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        # two signals that come too fast for a busy machine count as one, so it hears of more
        until(lambda: process.send_signal(signal.SIGINT) or process.poll() is not None)
    assert process.returncode == 130


def test_lost_replies_neither_lose_nor_repeat_lines(script: Script, sticli: Run) -> None:
    script.lose_replies = 5
    feed = "".join(f"line {n}\n" for n in range(200_000))
    done = sticli("append", "s", input=feed)
    assert done.returncode == 0, done.stderr
    assert script.sessions["s"] == feed.splitlines()


def test_a_daemon_that_comes_back_gets_everything(home: Path) -> None:
    script, place = Script(), home / "run" / "sticli.sock"
    stop = serve(place, script)
    with start("append", "s") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["one"])
        stop()
        process.stdin.write(b"two\n")
        process.stdin.flush()
        lines = iter(process.stderr.readline, b"")
        assert any(b"sent again" in line for line in lines)
        process.stdin.write(b"three\n")
        process.stdin.flush()
        stop = serve(place, script)
        _, said = process.communicate(timeout=SLOW)
        stop()
    assert process.returncode == 0, said
    assert b"the daemon takes lines again" in said
    assert script.sessions["s"] == ["one", "two", "three"]


def test_a_killed_daemon_is_started_again_and_has_every_line_once(
    home: Path, model: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "0")
    monkeypatch.setenv("STICLI_MODEL", str(model))
    feed = [f"{n}\n".encode() for n in range(400)]
    with start("append", "s") as process:
        assert process.stdin
        process.stdin.write(b"".join(feed[:200]))
        process.stdin.flush()
        until(lambda: "199\n" in sticli("log", "s", "--no-autostart").stdout)
        os.kill(json.loads(sticli("api", "GET", "/v1/version").stdout)["pid"], signal.SIGKILL)
        _, said = process.communicate(b"".join(feed[200:]), timeout=SLOW)
    assert process.returncode == 0, said
    assert sticli("log", "s").stdout.encode() == b"".join(feed)
    assert sticli("daemon", "stop").returncode == 0


def test_no_reconnect_is_4(home: Path) -> None:
    script = Script()
    stop = serve(home / "run" / "sticli.sock", script)
    with start("append", "s", "--no-reconnect") as process:
        assert process.stdin
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["one"])
        stop()
        process.stdin.write(b"two\n")
        process.stdin.flush()
        assert process.wait(SLOW) == 4  # although its input stays open
        process.communicate()


def test_a_full_session_ends_the_wait_with_5_and_the_numbers(script: Script, sticli: Run) -> None:
    script.settle_after = 1000.0
    script.state = "full"
    done = sticli("append", "s", input="a\n")
    assert done.returncode == 5
    assert "session s is full: 9 of 4,096 cells used, no room for 1 line kept" in done.stderr
    assert "1 line, 2 B" in done.stderr


def test_the_same_producer_adds_only_what_is_missing(script: Script, sticli: Run) -> None:
    sticli("append", "s", "--producer", "p", input="a\nb\n")
    sticli("append", "s", "--producer", "p", input="a\nb\nc\n")
    assert script.sessions["s"] == ["a", "b", "c"]


def test_it_waits_until_the_lines_have_settled(script: Script, sticli: Run) -> None:
    script.settle_after = 0.3
    assert sticli("append", "s", input="a\n").returncode == 0
    assert script.settled == {"s": 1}


def test_the_summary_as_json(script: Script, sticli: Run) -> None:
    found = json.loads(sticli("append", "s", "--json", input="a\nb\n").stdout)
    assert (found["lines"], found["bytes"], found["version"], found["pending"]) == (2, 4, 1, 0)


def test_accepted_does_not_wait(script: Script, sticli: Run) -> None:
    script.settle_after = 1000.0
    assert sticli("append", "s", "--wait", "accepted", input="a\n").returncode == 0
    assert sticli("append", "s", "--wait", "never", input="a\n").returncode == 2


def test_a_refusal_is_5_and_ends_the_reading(script: Script) -> None:
    script.refuse = {"status": 400, "code": "context_length_exceeded", "message": "it is full"}
    with start("append", "s", "--json") as process:
        assert process.stdin
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.wait(SLOW) == 5
        out, said = process.communicate()
    assert b"1 line read and not stored" in said
    assert json.loads(out)["error"]["code"] == "context_length_exceeded"


def test_a_line_without_end_is_split_and_nothing_is_lost(daemon: Client, sticli: Run) -> None:
    done = sticli("append", "s", "--wait", "accepted", text=False, input=b"x" * 300_000)
    assert done.returncode == 0, done.stderr
    lines = sticli("log", "s").stdout.splitlines()
    assert "".join(line.removesuffix(" [sticli: line goes on]") for line in lines) == "x" * 300_000


def test_closed_standard_input(script: Script) -> None:
    words = ["sh", "-c", 'exec "$@" <&-', "sh", *command("append", "s")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SLOW, env=dict(os.environ))
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr


def test_a_terminal_sees_progress_and_a_clean_summary(script: Script) -> None:
    script.settle_after = SLOW
    ours, theirs = pty.openpty()
    with start("append", "s", stderr=theirs) as process:
        os.close(theirs)
        assert process.stdin
        process.stdin.write(b"one\n")
        process.stdin.flush()
        shown = b""
        while b"1 line stored, 0 to send" not in shown:
            shown += os.read(ours, 65536)
        process.stdin.close()
        while b"of 1 line read by the model" not in shown:
            shown += os.read(ours, 65536)
        script.settle("s", 1)
        while b"1 line, 4 B" not in shown:
            shown += os.read(ours, 65536)
        assert process.wait(SLOW) == 0
    os.close(ours)
    assert b"\r\x1b[Ksticli: 1 line, " in shown


def test_a_terminal_as_input_is_told_how_to_end(script: Script) -> None:
    ours, theirs = pty.openpty()
    with start("append", "s", stdin=theirs) as process:
        os.close(theirs)
        assert process.stderr
        while b"Ctrl-D to end" not in process.stderr.readline():
            pass
        os.write(ours, b"typed\n\x04")
        assert process.wait(SLOW) == 0
        process.stderr.read()
    os.close(ours)
    assert script.sessions["s"] == ["typed"]


def test_nohup_is_respected(script: Script) -> None:
    words = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command("append", "s")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["one"])
        process.send_signal(signal.SIGHUP)
        process.communicate(b"two\n", timeout=SLOW)
    assert process.returncode == 0
    assert script.sessions["s"] == ["one", "two"]


def test_what_is_dropped_is_counted(script: Script, sticli: Run) -> None:
    script.sessions["s"] = []
    script.facts["s"] = {"dropped": 0}
    with start("append", "s", "--on-busy", "drop-oldest") as process:
        assert process.stdin
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until(lambda: script.sessions["s"] == ["one"])
        script.facts["s"]["dropped"] = 412
        _, said = process.communicate(b"two\n", timeout=SLOW)
    assert process.returncode == 0
    assert b"2 lines" in said
    assert b"412 lines dropped (too much was pending)" in said
    assert script.appended["on_busy"] == "drop-oldest"
    again = json.loads(sticli("append", "s", "--json", input="three\n").stdout)
    assert (again["dropped"], script.appended["on_busy"]) == (0, "wait")
    assert sticli("append", "s", "--on-busy", "never", input="").returncode == 2
