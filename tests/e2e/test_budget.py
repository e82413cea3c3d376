"""More sessions than the memory budget holds: all live, none loses a line or meets another."""

import os
import signal

import pytest

from tests.e2e.conftest import Person, wait_for

NAMES = [f"desk{number}" for number in range(6)]
TICKS = {name: f"10:00:0{number} ACME 1{number}.50" for number, name in enumerate(NAMES)}


def places(person: Person) -> dict[str, str]:
    return {item["name"]: item["place"] for item in person.json("ps")["sessions"]}


def test_six_sessions_live_on_cells_for_two(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_KV_BUDGET_MB", "100")  # two sessions of 8,192 cells, not three
    for name, tick in TICKS.items():
        person.run("append", name, feed=tick + "\n")
    for name, tick in TICKS.items():
        asked = person.run("ask", name, "last price of ACME?")
        assert asked.stdout.strip() == tick.split()[-1]
    found = places(person)
    assert sorted(found) == NAMES
    assert 1 <= list(found.values()).count("device") <= 2
    os.kill(person.pids()[1], signal.SIGKILL)
    for name, tick in reversed(TICKS.items()):
        asked = person.run("ask", name, "last price of ACME?")
        assert asked.stdout.strip() == tick.split()[-1]
        assert person.log(name) == [tick]
    told = person.run("explain", NAMES[0]).stdout
    assert "device" in told


def test_a_pinned_session_stays(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STICLI_KV_BUDGET_MB", "100")
    for name, tick in TICKS.items():
        person.run("append", name, feed=tick + "\n")
        if name == NAMES[0]:
            person.run("pin", name)
    assert places(person)[NAMES[0]] == "device"
    person.run("unpin", NAMES[0])
    for name in NAMES[1:3]:
        person.run("ask", name, "last price of ACME?")
    wait_for(lambda: places(person)[NAMES[0]] != "device")


def test_a_session_larger_than_the_budget_is_refused_and_keeps_its_lines(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_KV_BUDGET_MB", "2")
    refused = person.run("append", "first", feed="10:00:00 ACME 12.50\n", code=5)
    assert "cells" in refused.stderr
    assert person.log("first") == ["10:00:00 ACME 12.50"]
    assert "cells" in person.run("ask", "first", "last price of ACME?", code=5).stderr
