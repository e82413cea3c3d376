"""A dashboard that stays open: what it holds stops growing, and no final answer is missed."""

import gc
import tracemalloc
from pathlib import Path

from sticli.watch.pending import MOST, Pending
from sticli.watch.state import EVENTS, LINES, State
from tests.sticli.scripted import Script, serve
from tests.sticli.watch.conftest import Watch
from tests.sticli.watch.said import answered, flash, line, session, snapshot, status
from tests.sticli.watch.test_observer import say

QUESTIONS, ANSWERS, NEW = 4, 5, 50  # questions; answers to each and lines, between two looks
ENOUGH = 45  # looks after which every buffer is full
SLACK = 100_000  # bytes, of caches of Python's own: less than 2,000 lines or 60 answers take


def watched(state: State, pending: Pending, begin: int, end: int) -> None:
    """Looks `begin` to `end` of a busy session; news are folded at every third of them."""
    for look in range(begin, end):
        for number in range(look * ANSWERS, (look + 1) * ANSWERS):
            for key in range(QUESTIONS):
                found = flash(f"{number} of {key}", float(number), id=f"q{key}")
                pending.add(answered(found, number * QUESTIONS + key))
        lines = [line(seq, f"line {seq}") for seq in range(look * NEW + 1, (look + 1) * NEW + 1)]
        usage = {"device_s_ask": float(look), "steps": float(look)}
        known = session(lines=lines[-1].seq)
        pending.add(snapshot(look / 4, status=status(usage=usage), sessions=[known], lines=lines))
        if look % 3 == 0 or look == end - 1:
            for news in pending.take():
                state.fold(news)


def held() -> int:
    """Bytes that are alive."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_memory_is_flat_once_the_buffers_are_full() -> None:
    state, pending = State(), Pending()
    state.choose("s")
    tracemalloc.start()
    try:
        watched(state, pending, 0, ENOUGH)
        full = held()
        watched(state, pending, ENOUGH, 4 * ENOUGH)
        assert held() < full + SLACK
    finally:
        tracemalloc.stop()
    assert (len(state.lines), len(state.events)) == (LINES, EVENTS)
    assert state.line_count == 4 * ENOUGH * NEW
    assert state.event_count == 4 * ENOUGH * ANSWERS * QUESTIONS
    last = 4 * ENOUGH * ANSWERS - 1
    for key in range(QUESTIONS):
        assert state.past("s", f"q{key}").values[-1] == f"{last} of {key}"


def test_a_dashboard_that_nobody_looks_at_holds_little() -> None:
    pending = Pending()
    tracemalloc.start()
    try:
        sizes = []
        for part in range(3):
            for number in range(MOST):
                pending.add(answered(flash("x" * 50, float(number)), number))
            for look in range(LINES // NEW):
                first = part * LINES + look * NEW + 1
                pending.add(snapshot(lines=[line(first + n) for n in range(NEW)]))
            sizes.append(held())
        assert sizes[2] < sizes[1] + SLACK
    finally:
        tracemalloc.stop()


def test_the_final_answer_is_there_whatever_was_cut_off(home: Path, watch: Watch) -> None:
    place = home / "run" / "sticli.sock"
    script = Script(sessions={"s": []})
    watch.source.start()
    number = 0
    for _ in range(3):
        stop = serve(place, script)
        for _ in range(150):
            number += 1
            script.sessions["s"].append(f"line {number}")
            say(script, str(number), float(number))
            watch.take()
        stop()
    stop = serve(place, script)
    state = watch.until(lambda state: state.line_count == state.event_count == number)
    assert state.flashes["q1"].answer == state.past("s", "q1").values[-1] == str(number)
    assert [line.seq for line in state.lines] == [*range(1, number + 1)]
    assert [event.data["answer"] for event in state.events] == [*map(str, range(1, number + 1))]
    stop()
