"""`sticli append --follow` and the options of feeds as a process."""

import json
import signal
import time
from pathlib import Path

import pytest

from sticli.cli import run
from sticli.client import Client
from sticli.protocol import NewSession
from tests.sticli.conftest import SLOW, Run, start
from tests.sticli.scripted import Script
from tests.sticli.test_append import until


def test_the_same_command_goes_on_where_it_was(script: Script, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    for text, stored in (("", ["one", "two"]), ("three\n", ["one", "two", "three"])):
        with log.open("a") as file:
            file.write(text)
        with start("append", "s", "-F", str(log), "--from", "start") as process:
            until(lambda stored=stored: script.sessions.get("s") == stored)  # type: ignore[misc]
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=SLOW)
        assert process.returncode == 130, said
    assert b"--from is for a new feed: this one goes on at byte 8" in said
    assert b"1 line, 6 B" in said
    (feed,) = script.feeds["s"].values()
    assert (feed["description"], feed["run"]) == (f"follows {log}", 2)


def test_what_was_filtered_repeated_or_malformed_is_counted(script: Script, sticli: Run) -> None:
    lines = ['{"m": "a"}', '{"m": "a"}', "no", '{"m": "skip"}', '{"m": "b"}']
    words = ("--format", "jsonl", "--fields", "m", "--exclude", "skip", "--dedupe")
    done = sticli("append", "s", *words, "--json", input="\n".join(lines))
    assert script.sessions["s"] == ["m=a", "… (repeated 1 time)", "no", "m=b"]
    found = json.loads(done.stdout)
    assert (found["malformed"], found["filtered"], found["repeated"]) == (1, 1, 1)
    for words_ in ("1 line malformed", "1 line filtered out", "1 line repeated"):
        assert words_ in done.stderr
    (feed,) = script.feeds["s"].values()
    assert feed["description"] == "pipe, " + ", ".join(
        ("--format jsonl", "--fields m", "--exclude skip", "--dedupe")
    )


def test_repeats_are_told_of_while_the_pipe_is_silent(script: Script) -> None:
    with start("append", "s", "--dedupe") as process:
        assert process.stdin
        process.stdin.write(b"a\n" * 13)
        process.stdin.flush()
        until(lambda: script.sessions.get("s") == ["a", "… (repeated 12 times)"])
        process.communicate(timeout=SLOW)
    assert script.sessions["s"] == ["a", "… (repeated 12 times)"]


def test_strict_stores_what_came_before_and_is_2(script: Script, sticli: Run) -> None:
    done = sticli("append", "s", "--format", "jsonl", "--strict", input='{"a":1}\noops\n{"a":2}\n')
    assert (done.returncode, script.sessions["s"]) == (2, ["a=1"])
    assert "line 2 is no JSON: 'oops'" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--follow", "/dev/null"),
        ("--follow", "/tmp", "--from", "end"),
        ("--follow", "x", "--from", "middle"),
        ("--follow", "x", "text"),
        ("--from", "end"),
        ("--dedupe", "--producer", "p"),
        ("--grep", "x", "--producer", "a/b"),
        ("--grep", "("),
        ("--sample", "10"),
    ],
)
def test_what_makes_no_sense_is_2_and_makes_no_session(
    script: Script, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["append", "s", "--json", *words]) == 2
    assert script.sessions == {}
    assert json.loads(capsys.readouterr().out)["error"]["hint"]


def test_the_value_of_timestamp_may_be_left_out(script: Script, sticli: Run) -> None:
    sticli("append", "s", "--timestamp", "text")
    sticli("append", "s", "--timestamp=%Y", "text")
    year = time.strftime("%Y")
    assert script.sessions["s"][0].startswith(f"{year}-")
    assert script.sessions["s"][0].endswith(" text")
    assert script.sessions["s"][1] == f"{year} text"


def test_another_follow_of_the_same_file_takes_over_and_show_tells(
    daemon: Client, sticli: Run, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text("one\n")
    words = ("append", "s", "--follow", str(log), "--grep", "o")
    daemon.new(NewSession("s"))
    with start(*words) as first:
        until(lambda: daemon.session("s").lines == 1)
        with start(*words) as second:
            until(lambda: [feed.run for feed in daemon.feeds("s")] == [2])
            with log.open("a") as file:
                file.write("not this\nthis\ntwo\n")
            until(lambda: daemon.session("s").lines == 3)
            assert first.wait(SLOW) == 1
            assert first.stderr
            assert b"goes on in another `sticli append`" in first.stderr.read()
            second.send_signal(signal.SIGINT)
            second.communicate(timeout=SLOW)
    assert sticli("log", "s").stdout == "one\nnot this\ntwo\n"
    shown = sticli("show", "s").stdout
    assert f"follows {log}, --grep o, 3 lines, " in shown
    assert "ago, at byte 22" in shown
    (feed,) = json.loads(sticli("show", "s", "--json").stdout)["feeds"]
    assert (feed["next_seq"], feed["lasting"]) == (3, True)
