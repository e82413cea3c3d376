"""The dashboard as text: all of it is there, in any width, and nothing foreign acts."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sticli.errors import SticliError
from sticli.form import Form
from sticli.protocol import Problem
from sticli.render import BIDI
from sticli.watch.news import Lost
from sticli.watch.state import State
from sticli.watch.text import Section, drawn, sections
from tests.sticli.watch.said import DEVICE, answered, flash, line, session, snapshot, status

USAGE = {
    "asks_waiting": 2.0,
    "asks_running": 1.0,
    "stall_s_max": 0.0151,
    "step_s_ask_p50": 0.004,
    "step_s_ask_p99": 0.0075,
    "device_s_ask": 3.0,
}


def state() -> State:
    found = State()
    found.choose("s")
    found.fold(answered(flash("1", 98.0), 1))
    found.fold(answered(flash("3", 99.0), 2))
    decision = flash("up", 90.0, id="way", form=Form(choices=["up", "down"]), fresh=False, lead=0.5)
    sessions = [
        session(behind_since=97.0, dropped=12, place="device", pinned=True),
        session("other", state="full", on_full="stop"),
        session("bad", refused=Problem("internal", "broken", "look")),
    ]
    found.fold(snapshot(99.5, status=status(usage=USAGE | {"device_s_ask": 1.0})))
    found.fold(
        snapshot(
            100.0,
            status=status(usage=USAGE, last_error="it hurt"),
            sessions=sessions,
            flashes=[flash("3", 99.0), decision, flash(None, None, id="new")],
            lines=[line(n, f"text {n}") for n in range(1, 20)],
            device=DEVICE,
        )
    )
    return found


def lines(found: State, width: int = 200) -> dict[str, list[str]]:
    return {one.title: one.lines for one in sections(found, width)}


def test_all_of_it_is_there() -> None:
    found = lines(state())
    assert [*found] == [
        "DAEMON",
        "SESSIONS",
        "FLASH ANSWERS of s",
        "SCHEDULER",
        "DEVICE",
        "LAST EVENTS",
        "LAST LINES of s",
    ]
    assert found["DAEMON"][0] == "no model, worker ready"
    assert found["DAEMON"][-1] == "last error: it hurt"
    first, other, bad = found["SESSIONS"][1:]
    assert first.split() == [
        *("›", "s", "812/4,096", "██░░░░░░", "7", "3s", "12"),
        *("live", "device", "▲", "pinned", "rebase"),
    ]
    assert "stop" in other
    assert "refused" in bad
    one, way, new = found["FLASH ANSWERS of s"][1:]
    assert one.split()[1] == "3"
    assert "✱ fresh, changed" in one
    assert "▁█" in one
    assert "◇ open" in way
    assert "○ stale" in new
    assert found["SCHEDULER"][1].split() == ["ask", "400%", "████████", "0", "4.0", "7.5"]
    assert "asks: 2 waiting, 1 running" in found["SCHEDULER"]
    assert "longest 15.1 ms" in found["SCHEDULER"][-1]
    assert found["DEVICE"] == [
        "A GPU",
        "busy 25%, memory 2.0 GB of 8.0 GB, 120 W",
        "daemon: 0.50 cores, 400.0 MB",
    ]
    assert found["LAST EVENTS"][-1].endswith("s/q1: 3")
    assert found["LAST LINES of s"][-1] == "19  text 19"
    assert len(found["LAST LINES of s"]) == 10


def test_before_anything_is_known() -> None:
    assert drawn(sections(State(), 80)) == "DAEMON\n"
    empty = State()
    empty.fold(snapshot(sessions=[], chosen=None))
    assert "sticli append" in lines(empty)["SESSIONS"][0]


def test_a_daemon_that_is_gone_is_told_first() -> None:
    found = state()
    found.fold(Lost(1.0, SticliError("unreachable", "gone", "start it")))
    assert lines(found)["DAEMON"][0].endswith("gone (start it)")


def test_what_changes_all_the_time_is_not_said_to_be_new() -> None:
    said = {one.title: one.said for one in sections(state(), 80)}
    assert said["SCHEDULER"] is said["DEVICE"] is None
    assert all(said[name] is not None for name in said if name not in ("SCHEDULER", "DEVICE"))


def test_sections_stand_below_each_other() -> None:
    assert drawn([Section("A", ["1", "2"]), Section("B", [])]) == "A\n1\n2\n\nB\n"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for one in sections(state(), width):
        assert max(map(cell_len, one.lines), default=0) <= width


@given(st.text())
def test_foreign_text_does_not_act(text: str) -> None:
    found = State()
    found.choose("s")
    asked = flash(f"\x1b[31m{text}", id="q1")
    found.fold(answered(asked))
    found.fold(snapshot(flashes=[asked], lines=[line(1, f"\x1b]0;{text}\x07\n")]))
    said = drawn(sections(found, 300)).replace("\n", "")
    assert not [letter for letter in said if category(letter) == "Cc" or letter in BIDI]
