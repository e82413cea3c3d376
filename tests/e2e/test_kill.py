"""`kill -9` of either process at random moments: no line is lost, doubled or moved."""

import contextlib
import os
import random
import signal
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from sticli.demo.world.market import Market
from tests.e2e.conftest import SLOW, Person, private_home, wait_for

LINES, BURST = 5_000, 50  # the check by hand takes 100,000
VICTIMS = ("worker", "front", "worker", "front")
QUESTIONS = ("which symbol traded last?", "last price of " + Market(seed=5).symbols[0] + "?")


def ticks() -> list[str]:
    feed = Market(seed=5)
    return [feed.line() for _ in range(LINES)]


def kill(person: Person, killed: list[int]) -> None:
    """Kill the victims, each some time after both processes are up; `append` alone revives them."""
    chance = random.Random(1)
    while len(killed) < len(VICTIMS):
        pids = dict(zip(("front", "worker"), person.pids(), strict=True))
        pid = pids[VICTIMS[len(killed)]]
        time.sleep(chance.uniform(0.0, 0.6))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            wait_for(lambda gone=pid: gone not in person.pids())


def feed(
    appending: "subprocess.Popen[bytes]", lines: list[str], killed: list[int], killing: Future[None]
) -> None:
    """Write the lines in bursts, as many after each victim, and after the last, as before it."""
    assert appending.stdin
    for at in range(0, LINES, BURST):
        due = at * (len(VICTIMS) + 1) // LINES
        wait_for(lambda due=due: len(killed) >= due or killing.done())
        appending.stdin.write("".join(f"{line}\n" for line in lines[at : at + BURST]).encode())
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
    killed: list[int] = []
    person.run("new", "s")
    appending = person.start("append", "s")
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill, person, killed)
        feed(appending, lines, killed, killing)
        killing.result()
    _, errors = appending.communicate(timeout=SLOW)
    assert appending.returncode == 0, errors
    assert len(set(killed)) == len(VICTIMS)
    assert person.log("s") == lines
    disturbed = answers(person)
    assert all(start > 0 for _, start in disturbed)  # the window has moved on meanwhile
    with private_home(monkeypatch, person) as other:
        other.run("append", "s", feed="\n".join(lines))
        assert answers(other) == disturbed
