"""An observer of a scripted daemon, and of a real one that is killed."""

import subprocess
import threading
import time
from pathlib import Path

import pytest

from sticli import launch, paths
from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Append, NewFlash, NewSession
from sticli.watch import look, news
from sticli.watch.once import once
from sticli.watch.state import State
from tests.sticli.conftest import SLOW
from tests.sticli.scripted import Script, serve
from tests.sticli.watch.conftest import Watch
from tests.sticli.watch.said import answered, flash


def say(script: Script, answer: str, at: float = 5.0) -> None:
    """Have a flash question answered, as the daemon tells it."""
    found = answered(flash(answer, at)).data
    script.flash["s"] = {"q1": {key: value for key, value in found.items() if key != "previous"}}
    script.publish("answer", "s", found)


def kept(state: State) -> list[int]:
    """The ids of those events that the daemon keeps."""
    return [event.id for event in state.events if event.type in ("answer", "worker", "session")]


def settled(state: State) -> bool:
    """The second lines are there, and the answer that follows from them."""
    found = state.flashes["n"]
    return state.line_count == 6 and found.fresh and found.version == 2


def test_what_was_there_and_what_comes(script: Script, watch: Watch) -> None:
    script.sessions["s"] = ["one", "two"]
    say(script, "1")
    watch.source.start()
    state = watch.until(lambda state: state.flashes and state.events)
    assert [line.text for line in state.lines] == ["one", "two"]
    script.sessions["s"].append("three")
    say(script, "2", 6.0)
    watch.until(lambda state: state.line_count == 3 and state.event_count == 2)
    assert [*state.past("s", "q1").values] == ["1", "2"]
    assert state.flashes["q1"].answer == "2"
    assert [line.seq for line in state.lines] == [1, 2, 3]


def test_a_cut_stream_goes_on_where_it_was(home: Path, watch: Watch) -> None:
    script = Script(sessions={"s": ["one"]})
    place = home / "run" / "sticli.sock"
    stop = serve(place, script)
    say(script, "1")
    watch.source.start()
    state = watch.until(lambda state: state.events)
    stop()
    watch.until(lambda state: state.lost)
    assert state.lost
    assert (state.lost.code, state.flashes["q1"].answer) == ("unreachable", "1")
    script.sessions["s"].append("two")
    say(script, "2", 6.0)
    stop = serve(place, script)
    watch.until(lambda state: not state.lost and state.line_count == 2 and state.event_count == 2)
    say(script, "3", 7.0)
    watch.until(lambda state: state.event_count == 3)
    assert [event.data["answer"] for event in state.events] == ["1", "2", "3"]
    assert [line.text for line in state.lines] == ["one", "two"]
    stop()


def test_events_of_a_store_made_anew_are_heard_from_the_first(home: Path, watch: Watch) -> None:
    place = home / "run" / "sticli.sock"
    old = Script(sessions={"s": []})
    for number in range(5):
        say(old, str(number), float(number))
    stop = serve(place, old)
    watch.source.start()
    state = watch.until(lambda state: state.event_count == 5)
    stop()
    new = Script(sessions={"s": ["other"]})
    say(new, "x", 9.0)
    stop = serve(place, new)
    watch.until(lambda state: state.event_count == 6 and state.line_count == 1)
    assert state.past("s", "q1").values[-1] == "x"
    stop()


def test_another_protocol_is_told_and_not_hammered(home: Path, watch: Watch) -> None:
    script = Script(protocol=99)
    stop = serve(home / "run" / "sticli.sock", script)
    watch.source.start()
    state = watch.until(lambda state: state.lost)
    assert state.lost
    assert state.lost.code == "version_mismatch"
    time.sleep(20 * watch.source._interval)
    assert script.requests == ["GET /v1/version"]
    with pytest.raises(SticliError, match="protocol 99"):
        watch.source.client()
    stop()


def test_an_observer_starts_no_daemon(watch: Watch) -> None:
    watch.source.start()
    state = watch.until(lambda state: state.lost)
    assert state.lost
    assert (state.lost.code, "sticli daemon start" in state.lost.hint) == ("unreachable", True)


def test_lines_that_nobody_can_look_at_are_skipped_and_counted(
    script: Script, watch: Watch
) -> None:
    script.sessions["s"] = ["first"]
    watch.source.start()
    state = watch.until(lambda state: state.line_count)
    script.sessions["s"] += [f"line {number}" for number in range(3 * news.LINES)]
    watch.source.refresh()
    watch.until(lambda state: state.line_count > 1)
    assert state.line_count == 3 * news.LINES + 1
    assert len(state.lines) == news.LINES
    assert state.lines[-1].text == f"line {3 * news.LINES - 1}"
    long = "x" * (2 * look.WIDEST)
    script.sessions["s"].append(long)
    watch.source.refresh()
    watch.until(lambda state: state.lines[-1].seq == 3 * news.LINES + 2)
    assert state.lines[-1].text == long[: look.WIDEST] + "…"


def test_a_choice_begins_with_the_last_lines(script: Script, watch: Watch) -> None:
    script.sessions |= {"s": ["a"], "t": ["b", "c"]}
    watch.source.start()
    state = watch.until(lambda state: state.line_count)
    for name in ("t", "s", "t"):
        watch.choose(name)
    watch.until(lambda state: state.line_count)
    assert [line.text for line in state.lines] == ["b", "c"]
    watch.choose(None)
    watch.until(lambda state: state.chosen is None)
    assert not state.lines
    del script.sessions["t"]
    watch.choose("t")
    watch.until(lambda state: set(state.sessions) == {"s"})
    assert not state.flashes


def test_a_session_that_takes_the_name_of_another_has_its_own_lines(
    script: Script, watch: Watch
) -> None:
    script.sessions["s"] = ["old", "older"]
    watch.source.start()
    state = watch.until(lambda state: state.line_count == 2)
    script.sessions["s"] = ["new", "newer", "newest"]
    script.facts["s"] = {"created": script.born + 1}
    watch.until(lambda state: state.line_count == 3)
    assert [line.text for line in state.lines] == ["new", "newer", "newest"]


def test_where_nothing_happens_little_is_asked(script: Script, watch: Watch) -> None:
    script.sessions["s"] = ["one"]
    watch.source.start()
    watch.until(lambda state: state.line_count)
    waits: list[float | None] = []
    turn = watch.source._turn
    wait = turn.wait
    turn.wait = lambda timeout=None: bool(waits.append(timeout)) or wait(timeout)  # type: ignore[method-assign]
    watch.source.refresh()
    while len(waits) < 9:  # each look twice as long after the one before, until something happens
        time.sleep(0.005)
    assert max(filter(None, waits)) > 4 * watch.source._interval


def test_a_look_that_hangs_does_not_keep_the_end(home: Path, watch: Watch) -> None:
    script = Script(sessions={"s": []})
    stop = serve(home / "run" / "sticli.sock", script)
    entered, leave = threading.Event(), threading.Event()

    def hang() -> dict[str, object]:
        entered.set()
        leave.wait(SLOW)
        return {}

    script.status = hang  # type: ignore[method-assign]
    watch.source.start()
    assert entered.wait(SLOW)
    watch.source.stop()
    assert not any(thread.is_alive() for thread in watch.source._threads)
    leave.set()
    stop()


def test_it_goes_on_with_the_daemon_that_comes_after_a_kill(
    home: Path, model: Path, watch: Watch
) -> None:
    where = paths.resolve()

    def started() -> "subprocess.Popen[bytes]":
        process = launch.spawn(where, ("--model", str(model)))
        launch.wait(where, process)
        return process

    first, client = started(), Client(where.socket, SLOW)
    client.new(NewSession("s"))
    client.add_flash("s", NewFlash("how many?", "n", 4, 0))
    client.append("s", Append([f"line {number}" for number in range(5)], "p", 0))
    watch.source.start()
    state = watch.until(
        lambda state: state.line_count == 5 and state.flashes and state.flashes["n"].fresh
    )
    first.kill()
    watch.until(lambda state: state.lost)
    client.close()
    first.wait(SLOW)
    second = started()
    client.append("s", Append(["line 4", "line 5"], "p", 4))
    watch.until(lambda state: settled(state) and kept(state) == kept(once(client, "s")))
    assert [line.text for line in state.lines] == [f"line {number}" for number in range(6)]
    assert state.status
    assert state.status.version.pid == second.pid
    told = kept(state)
    assert told == sorted(set(told))
    assert state.flashes["n"].answer == client.flash("s", "n").answer
    assert state.past("s", "n").values[-1] == state.flashes["n"].answer
    assert once(client, "s").lines == state.lines
    client.stop()
    client.close()
    second.wait(SLOW)
