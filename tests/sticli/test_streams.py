"""`sticli events`, `sticli log`, `sticli ps|show|rm|new` and `sticli api` as processes."""

import json
import signal
from pathlib import Path

from sticli.client import Client
from sticli.commands.events import heard
from sticli.protocol import PROTOCOL, Event
from tests.sticli.conftest import SLOW, Run, start
from tests.sticli.scripted import Script, serve


def test_events_are_lines_of_json_until_interrupted(daemon: Client, sticli: Run) -> None:
    sticli("new", "s")
    with start("events", "s", "--type", "connected,settled") as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert (first["type"], first["schema_version"]) == ("connected", 1)
        sticli("append", "s", input="a\n")
        settled = json.loads(process.stdout.readline())
        assert (settled["type"], settled["session"]) == ("settled", "s")
        process.send_signal(signal.SIGINT)
        assert process.wait(SLOW) == 130
        assert process.stderr
        assert b"Traceback" not in process.stderr.read()


def test_events_go_on_after_the_daemon_comes_back(home: Path) -> None:
    place = home / "run" / "sticli.sock"
    stop = serve(place, Script())
    with start("events") as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["id"] == 1
        stop()
        while b"waiting for it" not in process.stderr.readline():
            pass
        stop = serve(place, Script())
        while json.loads(process.stdout.readline())["type"] != "connected":
            pass
        process.terminate()
        assert process.wait(SLOW) == 143
        stop()


def test_who_reconnects_goes_on_behind_what_came() -> None:
    """What tells of the stream has the newest id: it is no place to go on from."""
    known: int | None = 40
    for kind, key, after in (
        ("connected", 90, 40), ("stale", 90, 40), ("answer", 41, 41), ("stale", 95, 41),
        ("connected", 95, 41), ("settled", 42, 42), ("heartbeat", 95, 95), ("connected", 3, 3),
    ):  # fmt: skip
        known = heard(Event(key, kind, "", 1.0, {}), known)
        assert known == after
    assert heard(Event(90, "connected", "", 1.0, {}), None) == 90


def test_events_without_a_daemon_are_4(home: Path, sticli: Run) -> None:
    assert sticli("events").returncode == 4


def test_the_log_is_what_was_appended(daemon: Client, sticli: Run) -> None:
    feed = "one\ttab\n\x1b[31mred\n\n  spaces \n"
    sticli("append", "s", input=feed)
    assert sticli("log", "s").stdout == feed
    assert sticli("log", "s", "-n", "1").stdout == "  spaces \n"
    assert sticli("log", "s", "-n", "0").stdout == ""
    assert sticli("log", "s", "--since", "3").stdout == "\n  spaces \n"
    rows = [json.loads(line) for line in sticli("log", "s", "--json").stdout.splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4]
    assert {row["version"] for row in rows} == {1}
    assert {(row["type"], row["schema_version"]) for row in rows} == {("line", 1)}


def test_the_log_follows(daemon: Client, sticli: Run) -> None:
    sticli("append", "s", "one")
    with start("log", "s", "-f") as process:
        assert process.stdout
        assert process.stdout.readline() == b"one\n"
        sticli("append", "s", "two")
        assert process.stdout.readline() == b"two\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(SLOW) == 130


def test_a_log_that_follows_goes_on_after_the_daemon_comes_back(home: Path) -> None:
    place = home / "run" / "sticli.sock"
    script = Script(sessions={"s": ["one"]})
    stop = serve(place, script)
    with start("log", "s", "-f") as process:
        assert process.stdout
        assert process.stdout.readline() == b"one\n"
        stop()
        script.sessions["s"].append("two")
        stop = serve(place, script)
        assert process.stdout.readline() == b"two\n"
        process.terminate()
        assert process.wait(SLOW) == 143
        stop()


def test_a_quiet_stream_ends_when_its_reader_has_left(daemon: Client, sticli: Run) -> None:
    sticli("append", "s", "one")
    for words in (("events",), ("log", "s", "-f")):
        with start(*words) as process:
            assert process.stdout
            assert process.stdout.readline()
            process.stdout.close()
            assert process.wait(SLOW) == 0


def test_events_of_nobody_and_of_no_type(script: Script, sticli: Run) -> None:
    assert sticli("events", "nobody").returncode == 3
    done = sticli("events", "--type", "answer,bogus")
    assert done.returncode == 2
    assert "settled" in done.stderr


def test_the_life_of_a_session(daemon: Client, sticli: Run) -> None:
    assert sticli("new", "s", "--system", "Be short.", "--limit", "500").returncode == 0
    again = sticli("new", "s")
    assert again.returncode == 1
    assert "`sticli rm s`" in again.stderr
    assert sticli("new", "--", "-s").returncode == 2
    assert sticli("new", "no/slash").returncode == 2
    shown = json.loads(sticli("show", "s", "--json").stdout)
    assert (shown["name"], shown["system"]) == ("s", "Be short.")
    assert "Be short." in sticli("show", "s").stdout
    assert [one["name"] for one in json.loads(sticli("ps", "--json").stdout)["sessions"]] == ["s"]
    assert sticli("rm", "s").returncode == 2  # nobody is there to be asked
    assert json.loads(sticli("rm", "s", "--yes", "--json").stdout)["removed"] == "s"
    assert sticli("show", "s").returncode == 3


def test_raw_requests(daemon: Client, sticli: Run) -> None:
    assert json.loads(sticli("api", "GET", "/v1/version").stdout)["protocol"] == PROTOCOL
    made = sticli("api", "post", "/v1/sessions", '{"name": "s"}')
    assert json.loads(made.stdout)["name"] == "s"
    assert sticli("api", "POST", "/v1/sessions", "-", input='{"name": "s"}').returncode == 1
    assert sticli("api", "GET", "/v1/nothing").returncode == 3
