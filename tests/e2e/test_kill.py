"""`kill -9` of either process at random moments: no line is lost, doubled or moved."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from typing import Any

import pytest

from sticli.demo.market import Market
from tests.e2e.conftest import SLOW, Person, private_home, wait_for

LINES = 20_000  # the check by hand takes 100,000
QUESTIONS = ("which symbol traded last?", "last price of " + Market(seed=5).symbols[0] + "?")


def ticks() -> list[str]:
    feed = Market(seed=5)
    return [feed.line() for _ in range(LINES)]


class Killer(threading.Thread):
    """Kills the front or the worker every now and then, until told to stop."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.killed: list[str] = []
        self._person = person
        self._chance = random.Random(1)

    def run(self) -> None:
        for name in ("worker", "front", "worker", "front"):
            self._kill(name)
        while not self.stop.is_set():
            self._kill(self._chance.choice(["front", "worker"]))

    def _kill(self, name: str) -> None:
        self._person.run("daemon", "start")  # an idle append does not miss it
        pids = dict(zip(("front", "worker"), self._person.pids(), strict=True))
        time.sleep(self._chance.uniform(0.05, 1.0))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[name], signal.SIGKILL)
            self.killed.append(name)


def feed(appending: "subprocess.Popen[bytes]", lines: list[str], until: Killer) -> None:
    """Write the lines in bursts, the last of them after the killer has had its four victims."""
    assert appending.stdin
    for at in range(0, len(lines), 250):
        if at == LINES // 2:
            wait_for(lambda: len(until.killed) >= 4)
        appending.stdin.write("".join(f"{line}\n" for line in lines[at : at + 250]).encode())
        appending.stdin.flush()
        time.sleep(0.05)


def answers(person: Person) -> list[Any]:
    found = [person.json("ask", "s", question, "--live") for question in QUESTIONS]
    return [(answer["answer"], answer["window_from"]) for answer in found]


@pytest.mark.timeout(400)
def test_every_line_once_in_order_and_the_same_answers(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ticks()
    person.run("new", "s")
    appending = person.start("append", "s")
    killer = Killer(person)
    killer.start()
    feed(appending, lines, killer)
    killer.stop.set()
    killer.join()
    _, errors = appending.communicate(timeout=SLOW)
    assert appending.returncode == 0, errors
    assert {"front", "worker"} <= set(killer.killed)
    assert person.log("s") == lines
    disturbed = answers(person)
    with private_home(monkeypatch) as other:
        other.run("append", "s", feed="\n".join(lines))
        assert answers(other) == disturbed
