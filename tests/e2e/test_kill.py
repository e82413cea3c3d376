"""`kill -9` of either process at random moments: nothing acknowledged is lost, doubled or moved."""

import contextlib
import os
import random
import signal
import threading
import time

from sticli.demo.market import Market
from tests.e2e.conftest import Person

LINES = 20_000
QUESTION = "which symbol traded last?"


def slaughter(person: Person, stop: threading.Event, chance: random.Random) -> list[str]:
    """Kill front or worker every now and then until told to stop."""
    killed: list[str] = []
    while not stop.wait(chance.uniform(0.3, 1.2)):
        front, worker = person.pids()
        name, pid = chance.choice([("front", front), ("worker", worker)])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed.append(name)
    return killed


def test_every_line_once_in_order_and_the_same_answers(person: Person) -> None:
    feed = Market(seed=5)
    lines = [f"{feed.line()} {n}" for n in range(LINES)]
    appending = person.start("append", "s")
    stop, killed = threading.Event(), []
    killer = threading.Thread(
        target=lambda: killed.extend(slaughter(person, stop, random.Random(1)))
    )
    assert appending.stdin
    for n, line in enumerate(lines):
        appending.stdin.write(f"{line}\n".encode())
        if n % 1000 == 999:
            appending.stdin.flush()
            time.sleep(0.4)
        if n == 1000:
            killer.start()
    stop.set()
    killer.join()
    _, errors = appending.communicate(timeout=120)
    # the context is full long before: the lines are kept all the same, and it says so
    assert appending.returncode in (0, 5), errors
    assert {"front", "worker"} <= set(killed)
    assert person.log("s") == lines[: len(person.log("s"))]
