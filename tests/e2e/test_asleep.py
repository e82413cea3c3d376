"""A daemon that nobody uses for a while, with a real model: it lets go of it, and loses nothing."""

import contextlib
import os
import signal
from typing import Any

import pytest

from tests.e2e.conftest import SLOW, Person, wait_for

LINES = [f"10:00:{n:02} ACME {n * 7 % 50 + 10}.25" for n in range(40)]
QUESTION = "last price of ACME?"


@pytest.fixture
def sleepy(person: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setenv("STICLI_UNLOAD_AFTER_S", "0.6")
    return person


def worker(person: Person) -> Any:
    return person.json("daemon", "status")


def asleep(person: Person) -> Any:
    def look() -> Any:
        found = worker(person)
        return found if found["worker"] == "asleep" else None

    return wait_for(look)


def test_it_lets_go_of_the_model_and_loses_nothing_whoever_is_killed(sleepy: Person) -> None:
    sleepy.run("append", "s", feed="\n".join(LINES[:20]) + "\n")
    before = asleep(sleepy)
    assert (before["worker_pid"], before["restarts"], before["last_error"]) == (None, 0, "")
    assert "asleep" in sleepy.run("ps").stdout
    os.kill(before["version"]["pid"], signal.SIGKILL)
    sleepy.run("append", "s", feed="\n".join(LINES[20:30]) + "\n")
    asking = sleepy.start("ask", "s", QUESTION, "--live")
    after = wait_for(lambda: status if (status := worker(sleepy))["worker_pid"] else None)
    assert after["version"]["pid"] != before["version"]["pid"]
    with contextlib.suppress(ProcessLookupError):  # it may just have left by itself
        os.kill(after["worker_pid"], signal.SIGKILL)
    sleepy.run("append", "s", feed="\n".join(LINES[30:]) + "\n")
    assert asking.communicate(timeout=SLOW)[0]
    assert asking.returncode == 0
    asleep(sleepy)
    woken = sleepy.run("ask", "s", QUESTION, "--live")
    assert "the worker loads the model" in woken.stderr
    assert "snapshot" in sleepy.json("show", "s")["note"]  # and was not computed anew
    assert sleepy.log("s") == LINES
    sleepy.run("append", "fresh", feed="\n".join(LINES) + "\n")
    assert woken.stdout == sleepy.run("ask", "fresh", QUESTION, "--live").stdout
