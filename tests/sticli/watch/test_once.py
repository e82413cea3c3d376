"""One look at everything, and text that goes on."""

from sticli import paths
from sticli.client import Client
from sticli.watch.news import News
from sticli.watch.once import latest, once
from sticli.watch.plain import blocks, document
from sticli.watch.state import State
from tests.sticli.scripted import Script
from tests.sticli.watch.said import answered, event, flash, line, session, snapshot
from tests.sticli.watch.test_observer import say


def test_one_look_with_what_led_to_it(script: Script) -> None:
    script.sessions |= {"old": [], "s": ["one"]}
    script.facts["old"] = {"last_used": 1.0}
    say(script, "1")
    say(script, "2", 6.0)
    client = Client(paths.resolve().socket)
    state = once(client, None)
    assert (state.chosen, [line.text for line in state.lines]) == ("s", ["one"])
    assert [*state.past("s", "q1").values] == ["1", "2"]
    assert once(client, "old").chosen == "old"
    client.close()


def test_the_session_used_last() -> None:
    assert latest([]) is None
    assert latest([session("a", last_used=2.0), session("b", last_used=1.0)]) == "a"


class Told:
    """A source that tells a list of news for each look, and then no more."""

    def __init__(self, *news: list[News]) -> None:
        self.news = [*news]
        self.chosen: list[str | None] = []
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def take(self) -> list[News]:
        return self.news.pop(0)

    def choose(self, session: str | None) -> None:
        self.chosen.append(session)

    def refresh(self) -> None:
        raise AssertionError("nothing was changed")

    def client(self) -> Client:
        raise AssertionError("nobody asks")


def test_only_what_is_new_is_told_again() -> None:
    first = snapshot(1.0, flashes=[flash("1")])
    same = snapshot(2.0, flashes=[flash("1")], device=snapshot().device)
    other = snapshot(3.0, flashes=[flash("2", 6.0)])
    moved = [event("moved", place="host")]
    lines = [snapshot(4.0, flashes=[flash("2", 6.0)], lines=[line(1), line(2)])]
    more = [snapshot(5.0, flashes=[flash("2", 6.0)], lines=[line(3)]), event("moved", 2)]
    source = Told([], [first], [same], [other], moved, lines, more)
    told = []
    try:
        for _, found in blocks(source, "s", 0.0, 80):
            told.append({one.title: one.lines for one in found})
    except IndexError:
        assert not source.running
    assert [[*block] for block in told] == [
        ["DAEMON", "SESSIONS", "FLASH ANSWERS of s", "SCHEDULER", "DEVICE"],
        ["FLASH ANSWERS of s"],
        ["LAST EVENTS"],
        ["LAST LINES of s"],
        ["LAST EVENTS", "LAST LINES of s"],
    ]
    assert [len(lines) for lines in told[-1].values()] == [1, 1]
    assert told[-1]["LAST LINES of s"] == ["3  x"]


def test_the_session_used_last_is_chosen_once_there_is_one() -> None:
    source = Told([snapshot(1.0, sessions=[], chosen=None)], [snapshot(2.0, chosen=None)])
    states: list[State] = []
    try:
        states.extend(state for state, _ in blocks(source, None, 0.0, 80))
    except IndexError:
        assert (source.chosen, states[-1].chosen) == (["s"], "s")


def test_nothing_is_said_of_answers_that_nobody_has_looked_at() -> None:
    late = snapshot(2.0, flashes=[flash("7")])
    source = Told([snapshot(1.0, chosen=None)], [late])
    told: list[str] = []
    try:
        for _, found in blocks(source, None, 0.0, 80):
            told += [line for one in found if "FLASH" in one.title for line in one.lines]
    except IndexError:
        assert told
    assert "none yet" not in "".join(told)
    assert " 7 " in told[1]


def test_the_same_for_a_program() -> None:
    state = State()
    state.choose("s")
    state.fold(answered(flash()))
    state.fold(snapshot(flashes=[flash()]))
    found = document(state)
    assert (found["type"], found["flashes"], found["schema_version"]) == ("snapshot", [flash()], 1)
    assert {"at", "status", "sessions", "chosen", "device"} <= found.keys()
