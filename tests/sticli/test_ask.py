"""`sticli ask` and `sticli flash` as processes."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from sticli.client import Client
from sticli.protocol import Answer
from tests.sticli.conftest import Run
from tests.sticli.scripted import Script


@pytest.fixture
def session(script: Script) -> Script:
    script.sessions["s"] = ["a"]
    return script


def test_the_answer_and_nothing_else(session: Script, sticli: Run) -> None:
    done = sticli("ask", "s", "last", "price?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "131.25\n", "")


@pytest.mark.parametrize("words", [("-",), ()])
def test_a_question_from_a_pipe(session: Script, sticli: Run, words: tuple[str, ...]) -> None:
    done = sticli("ask", "s", *words, "--json", input="last price?\n")
    assert json.loads(done.stdout)["question"] == "last price?"


def test_json_is_the_whole_answer(session: Script, sticli: Run) -> None:
    found = json.loads(sticli("ask", "s", "?", "--json").stdout)
    assert set(found) == set(Answer.__struct_fields__)
    assert found["schema_version"] == 1


def test_pending_lines_are_said_on_stderr(session: Script, sticli: Run) -> None:
    session.answer = {"pending": 340, "version": 12}
    done = sticli("ask", "s", "?")
    assert done.stdout == "131.25\n"
    assert "answered at version 12; 340 newer lines still to be read" in done.stderr
    assert sticli("ask", "s", "?", "-q").stderr == ""
    assert sticli("ask", "s", "?", "--at", "12").stderr == ""


def test_details_are_for_those_who_ask(session: Script, sticli: Run) -> None:
    assert "90 cached + 9 new tokens" in sticli("ask", "s", "?", "-v").stderr


def test_a_time_limit_is_124(session: Script, sticli: Run) -> None:
    session.slow = 30.0
    done = sticli("ask", "s", "?", "--timeout", "100ms")
    assert (done.returncode, done.stdout) == (124, "")


def test_a_real_session(daemon: Client, sticli: Run) -> None:
    assert sticli("append", "s", input="10:02:11 ACME 131.25\n").returncode == 0
    live = json.loads(sticli("ask", "s", "price?", "--json", "--wait", "--max-tokens", "4").stdout)
    assert (live["source"], live["version"], live["pending"]) == ("live", 1, 0)
    assert sticli("flash", "add", "s", "price?", "--id", "p", "--max-tokens", "4").stdout == "p\n"
    fresh = sticli("flash", "get", "s", "p", "--wait", "--timeout", "100s", "--json")
    assert json.loads(fresh.stdout)["answer"] == live["answer"]
    hit = json.loads(sticli("ask", "s", "@p", "--json").stdout)
    assert (hit["source"], hit["answer"], hit["fresh"]) == ("flash", live["answer"], True)
    assert json.loads(sticli("ask", "s", "price?", "--live", "--json").stdout)["source"] == "live"


def test_flash_questions(session: Script, sticli: Run) -> None:
    words = ("--id", "x", "--debounce", "1.5s", "--exec", "true 'it moved'", "--max-tokens", "7")
    assert sticli("flash", "add", "s", "price?", *words).stdout == "x\n"
    made = session.flash["s"]["x"]
    assert (made["debounce_ms"], made["max_tokens"]) == (1500, 7)
    assert made["exec"] == [shutil.which("true"), "it moved"]
    assert "price?" in sticli("flash", "ls", "s").stdout
    assert json.loads(sticli("flash", "ls", "s", "--json").stdout)["flash"][0]["id"] == "x"
    assert json.loads(sticli("flash", "rm", "s", "x", "--json").stdout)["removed"] == "x"
    assert sticli("flash", "rm", "s", "x").returncode == 3
    assert sticli("flash", "add", "s", "?", "--exec", "open 'quote").returncode == 2
    assert sticli("flash", "add", "s", "?", "--exec", "no-such-program").returncode == 2


def test_a_hook_is_found_from_here(session: Script, sticli: Run, tmp_path: Path) -> None:
    program = tmp_path / "hook"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    done = sticli("flash", "add", "s", "?", "--id", "x", "--exec", "./hook", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert session.flash["s"]["x"]["exec"] == [str(program)]


def test_waiting_ends_when_the_model_cannot_be_loaded(session: Script, sticli: Run) -> None:
    sticli("flash", "add", "s", "price?", "--id", "x")
    session.failure = {"code": "model", "message": "cut.gguf is cut", "hint": ""}
    done = sticli("flash", "get", "s", "x", "--wait")
    assert (done.returncode, done.stderr) == (1, "sticli: cut.gguf is cut\n")


def test_an_answer_that_is_not_fresh_is_6(session: Script, sticli: Run) -> None:
    sticli("flash", "add", "s", "price?", "--id", "x")
    session.flash["s"]["x"] |= {"answer": "130\x1b[0m", "version": 1}
    outdated = sticli("flash", "get", "s", "x")
    assert (outdated.returncode, outdated.stdout) == (6, "")
    stale = sticli("flash", "get", "s", "x", "--stale")
    assert (stale.returncode, stale.stdout) == (6, "130\n")
    session.flash["s"]["x"]["fresh"] = True
    fresh = sticli("flash", "get", "s", "x")
    assert (fresh.returncode, fresh.stdout) == (0, "130\n")


def test_the_form_and_the_moment_are_sent(session: Script, sticli: Run) -> None:
    assert sticli("ask", "s", "up?", "--choices", "up,down", "--at", "7").returncode == 0
    assert session.asked["form"] == {"choices": ["up", "down"], "number": False, "schema": None}
    assert session.asked["at"] == {"version": 7, "time": None}
    assert sticli("ask", "s", "how", "many?", "--at", "-5m", "--number").returncode == 0
    assert session.asked["question"] == "how many?"
    assert session.asked["form"]["number"]
    assert session.asked["at"]["time"] < time.time() - 299
    assert sticli("ask", "s", "?", "--number", "--choices", "a,b").returncode == 2
    assert sticli("ask", "s", "?", "--at", "soon").returncode == 2
    assert sticli("ask", "s", "?", "--schema", "/no/such/file").returncode == 3


def test_what_is_waited_for_is_said_once_a_reason(session: Script, sticli: Run) -> None:
    session.progress = [
        {"state": "restoring", "message": "session 's' comes from disk"},
        {"state": "restoring", "message": "session 's' comes from disk, 50 %"},
        {"state": "queued", "message": "waiting for 12 cells"},
    ]
    for words in (("ask", "s", "?"), ("ask", "s", "?", "--json")):
        done = sticli(*words)
        assert "131.25" in done.stdout
        assert done.stderr.splitlines() == [
            "sticli: session 's' comes from disk",
            "sticli: waiting for 12 cells",
        ]
    assert sticli("ask", "s", "?", "-q").stderr == ""
    assert session.asked["pieces"] is False  # an answer in one piece may outlive a worker


def test_details_name_the_drafts(session: Script, sticli: Run) -> None:
    session.answer = {"source": "repeat", "drafted": 12, "accepted": 9}
    said = sticli("ask", "s", "?", "-v").stderr
    assert said.startswith("sticli: repeat, fresh,")
    assert "9 of 12 drafted tokens right" in said


def test_a_decision_is_added_and_shown_with_its_lead(session: Script, sticli: Run) -> None:
    words = ("flash", "add", "s", "up?", "--id", "x", "--choices", "up,down")
    assert sticli(*words, "--gap", "3.5").returncode == 0
    assert session.flash["s"]["x"]["gap"] == 3.5
    assert session.flash["s"]["x"]["form"]["choices"] == ["up", "down"]
    session.flash["s"]["x"] |= {"answer": "up", "version": 4, "lead": 0.8}
    row = sticli("flash", "ls", "s").stdout.splitlines()[1]
    assert "(open: below gap)" in row
    assert "0.80 < 3.5" in row
    for more in ((), ("--wait",)):
        done = sticli("flash", "get", "s", "x", *more)
        assert (done.returncode, done.stdout) == (6, "")
        assert "x is open, below gap: 0.80 < 3.5 (`sticli ask s @x` answers it)" in done.stderr
    session.flash["s"]["x"]["lead"] = 7.0
    assert "no one choice" in sticli("flash", "get", "s", "x").stderr
    assert "(open: no one choice)" in sticli("flash", "ls", "s").stdout
    session.flash["s"]["x"] |= {"fresh": True, "source": "ready"}
    done = sticli("flash", "get", "s", "x", "-v")
    assert (done.returncode, done.stdout) == (0, "up\n")
    assert "ready, version 4, 0 evaluations, lead 7.00 >= 3.5" in done.stderr
    assert "7.00 >= 3.5" in sticli("flash", "ls", "s").stdout
    session.flash["s"]["x"] |= {"gap": 0.11, "lead": 0.14}
    assert "0.14 >= 0.11" in sticli("flash", "ls", "s").stdout
    assert sticli("flash", "add", "s", "on?", "--id", "y", "--choices", "on,off").returncode == 0
    assert "gap" not in session.flash["s"]["y"]  # an older daemon takes no null


def test_a_cut_answer_is_said_on_stderr(session: Script, sticli: Run) -> None:
    session.answer = {"finish_reason": "length", "completion_tokens": 3}
    done = sticli("ask", "s", "?", "--number")
    assert done.stdout == "131.25\n"
    assert done.stderr == "sticli: the answer was cut at 3 tokens; see --max-tokens\n"
    assert sticli("ask", "s", "?", "-q").stderr == ""


def test_nobody_waits_for_a_session_that_is_refused(session: Script, sticli: Run) -> None:
    assert sticli("flash", "add", "s", "up?", "--id", "x").returncode == 0
    refused = {"code": "budget_exceeded", "message": "s needs 9 cells", "hint": "raise the budget"}
    session.facts["s"] = {"state": "waiting", "refused": refused}
    done = sticli("flash", "get", "s", "x", "--wait")
    assert (done.returncode, done.stdout) == (5, "")
    assert "s needs 9 cells (raise the budget)" in done.stderr


def test_a_gap_needs_choices(session: Script, sticli: Run) -> None:
    for words in (("--gap", "1"), ("--gap", "1", "--number"), ("--gap", "-1")):
        assert sticli("flash", "add", "s", "up?", *words).returncode == 2
    for gap in ("nan", "inf"):
        done = sticli("flash", "add", "s", "up?", "--choices", "up,down", "--gap", gap)
        assert done.returncode == 2
        assert f"--gap {gap} is no number" in done.stderr
    assert session.flash == {}


def test_a_real_decision(daemon: Client, sticli: Run) -> None:
    assert sticli("append", "s", input="10:02:11 auth up\n").returncode == 0
    choices = ("--choices", "up,down")
    assert sticli("flash", "add", "s", "auth?", "--id", "x", "--gap", "0", *choices).returncode == 0
    done = sticli("flash", "get", "s", "x", "--wait", "--timeout", "100s")
    said = json.loads(sticli("ask", "s", "auth?", "--json", *choices).stdout)
    assert said["answer"] in ("up", "down")
    if done.returncode == 0:  # the model answers nonsense: it may begin no choice
        assert (done.stdout.strip(), said["source"]) == (said["answer"], "ready")
    else:
        assert (done.returncode, said["source"]) == (6, "live")
    number = sticli("ask", "s", "how many?", "--number", "--live")
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?\n", number.stdout)
