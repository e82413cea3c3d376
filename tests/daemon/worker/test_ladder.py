"""More sessions than cells: who comes, who makes room, and that nobody notices but for the time."""

from collections import Counter

import pytest

from sticli.daemon import messages
from sticli.daemon.engines.base import Exhausted, Seq
from tests.daemon.worker.crowded import LIMIT, computed, crowded, filled, moves, place, texts
from tests.daemon.worker.link import answer, ask, flash, lines, opened


def test_the_least_recently_used_goes_to_host_ram_and_comes_back_whole() -> None:
    link = crowded(2)
    filled(link, "a", "b")
    link.rest(ask(1, session="a"))
    filled(link, "c")
    assert [place(link, name) for name in "abc"] == ["device", "host", "device"]
    before, settled = computed(link), len(link.of(messages.Settled))
    link.rest(ask(2, session="b", version=5))
    assert link.done(2).text == answer(texts("b"))
    assert computed(link) == before
    assert len(link.of(messages.Settled)) == settled
    assert moves(link, "b") == ["device", "host", "device"]
    assert link.loop._usage.counters["moves_host"] == 2
    assert "session b needed 512 cells" in link.of(messages.Moved)[-2].reason


def test_nobody_moves_while_there_are_cells() -> None:
    link = crowded(3)
    filled(link, "a", "b", "c")
    link.rest(*(ask(n, session=name) for n, name in enumerate("abc")))
    assert Counter(move.place for move in link.of(messages.Moved)) == {"device": 3}


def test_what_comes_for_a_spilled_session_brings_it_back() -> None:
    link = crowded(1)
    filled(link, "a", "b")
    link.rest(lines(texts("a", 8)[5:], 5, "a"))
    assert place(link, "a") == "device"
    assert link.of(messages.Settled)[-1].version == 8
    link.rest(flash("f", "who?", "b"))
    assert place(link, "b") == "device"
    assert link.of(messages.Evaluated)[-1].text == answer(texts("b"), "who?")


def test_pinned_sessions_go_last() -> None:
    link = crowded(2)
    filled(link, "a", "b")
    link.rest(messages.Pin("a", True))
    filled(link, "c", "d")
    assert place(link, "a") == "device"
    assert [place(link, name) for name in "bc"] == ["host", "host"]
    link.rest(messages.Pin("d", True), ask(1, session="b"))
    assert link.done(1).text == answer(texts("b"))  # an ask takes even their place
    assert [place(link, name) for name in "ad"] == ["host", "device"]
    link.rest(messages.Pin("a", False), messages.Pin("nobody", True))
    assert not link.loop._desk.sessions["a"].pinned


def test_thirty_two_busy_sessions_on_cells_for_eight_all_get_on() -> None:
    link = crowded(8)
    names = [f"s{n}" for n in range(32)]
    link.rest(*(opened(name, limit=LIMIT, uid=name) for name in names))
    opening = len(link.of(messages.Moved))
    for part in range(4):
        chunk = slice(3 * part, 3 * part + 3)
        link.inbox.extend(lines(texts(name, 12)[chunk], 3 * part, name) for name in names)
        for _ in range(6):
            link.beat()
    link.rest()
    assert {item.session for item in link.of(messages.Settled) if item.version == 12} == set(names)
    # each leaves for the others about once, not at every step
    assert len(link.of(messages.Moved)) - opening < 4 * len(names)
    link.rest(*(ask(n, session=name) for n, name in enumerate(names)))
    for n, name in enumerate(names):
        assert link.done(n).text == answer(texts(name, 12))


def test_a_steady_stream_of_lines_keeps_nobody_out() -> None:
    """Two sessions always have lines; the third, on cells for two, gets its turn all the same."""
    link = crowded(2)
    filled(link, "c", "a", "b", count=1, on_full="rebase")
    at = 1
    while not any(item.session == "c" and item.version == 2 for item in link.of(messages.Settled)):
        for name in "ab":
            link.inbox.append(lines([f"{name} more of it {at}"] * 20, at, name))
        if at == 21:
            link.inbox.append(lines(texts("c", 2)[1:], 1, "c"))
        at += 20
        link.beat()
        assert at < 20_000
    assert at > 21
    assert all(link.loop._desk.sessions[name].behind for name in "ab")


def test_asks_that_run_keep_their_place_but_not_for_ever() -> None:
    """The next ask of a session that was chosen to leave waits for the other to come first."""
    link = crowded(1)
    filled(link, "a", "b")
    link.rest(ask(90, session="a"))
    link.beat(ask(1, session="a", most=30))
    link.beat(ask(2, session="b"))
    place_then = place(link, "a")
    link.beat(ask(3, session="a"))
    link.rest()
    assert place_then == "device"
    order = [done.id for done in link.of(messages.Done)]
    assert order == [90, 1, 2, 3]
    assert not link.loop._desk.sessions["a"].leaving


def test_a_cancelled_ask_calls_nobody_away() -> None:
    link = crowded(1)
    filled(link, "a", "b")
    link.rest(ask(90, session="a"))
    link.beat(ask(1, session="a", most=30))
    link.beat(ask(2, session="b"))
    assert link.loop._desk.sessions["a"].leaving
    link.beat(messages.Cancel(2))
    link.rest(ask(3, session="a"))
    assert {done.id for done in link.of(messages.Done)} == {90, 1, 3}
    assert place(link, "a") == "device"


def test_the_next_window_is_begun_again_after_a_spill() -> None:
    link = crowded(2)
    filled(link, "b")
    link.rest(opened("a", limit=LIMIT, uid="a", on_full="rebase"))
    at, known = 0, texts("a", 60)
    while not link.loop._scheduler.successors:
        link.beat(lines([known[at]], at, "a"))
        at += 1
    assert place(link, "b") == "host"  # it made room for the window
    link.beat(ask(1, session="b"))
    assert moves(link, "a")[-1] == "host"
    link.rest(lines(known[at:], at, "a"), ask(2, session="a", version=60))
    done = link.done(2)
    assert done.text == answer(known[done.window_from :])
    assert done.window_from > 0
    assert link.done(1).text == answer(texts("b"))


def test_a_machine_with_less_memory_than_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others leave one by one; whoever cannot come even then is given up, with the reason."""
    link = crowded(3)
    filled(link, "a", "b")
    with monkeypatch.context() as patch:

        def short(limit: int) -> Seq:
            raise Exhausted("no memory for a context")

        patch.setattr(link.engine, "open", short)
        link.rest(opened("c", limit=LIMIT, uid="c"))
        (failed,) = link.of(messages.Failed)
        assert (failed.id, failed.session, failed.code) == (0, "c", "budget_exceeded")
        assert "no memory for a context" in failed.message
    assert [place(link, name) for name in "ab"] == ["host", "host"]
    link.rest(ask(1, session="a"), ask(2, session="b"))
    assert link.done(1).text == answer(texts("a"))
    assert link.done(2).text == answer(texts("b"))


def test_a_fork_begins_with_the_cells_of_the_other() -> None:
    link = crowded(2)
    filled(link, "a", count=12)
    before = computed(link)
    copied = texts("a", 12)[:10]
    link.rest(opened("b", limit=LIMIT, uid="b", lines=10), lines(copied, session="b"))
    assert computed(link) == before
    link.rest(ask(1, session="b"), messages.Explain(2, "b"))
    assert link.done(1).text == answer(copied)
    account = link.of(messages.Explained)[0].account
    assert (account.shared_from, account.computed) == ("session a", 0)
    assert account.shared == account.tokens == account.cached
    assert "copied from session a" in link.of(messages.Restored)[-1].note
