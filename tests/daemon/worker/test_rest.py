"""A worker that nobody needs: sessions leave the device, then the worker itself leaves."""

from pathlib import Path

import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.snapshot import Snapshots
from tests.daemon.worker.crowded import LIMIT, computed, crowded, filled, moves, place, texts
from tests.daemon.worker.link import Asleep, Link, answer, ask, flash, lines, opened

REST = messages.Stop(rest=True)
SPILL = 600.0
SEEN = (messages.Evaluated, messages.Moved)


def begun(name: str) -> messages.Open:
    return opened(name, limit=LIMIT, uid=name)


def work(link: Link, *inbound: messages.Inbound) -> None:
    """Deliver messages and go on as long as there is something to do at once."""
    link.beat(*inbound)
    while link.loop._busy:
        link.beat()


def full(link: Link, *names: str, count: int = 5) -> None:
    """Sessions with lines, and no time gone but for their computation."""
    for name in names:
        work(link, begun(name), lines(texts(name, count), session=name))


def leaves(link: Link, *inbound: messages.Inbound) -> bool:
    """Whether the worker ends, once it was told to rest."""
    link.inbox.extend(inbound)
    try:
        link.loop.run()
    except Asleep:
        return False
    return isinstance(link.sent[-1], messages.Stopped)


def test_it_leaves_at_once_and_writes_what_is_only_in_memory(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    link = crowded(1, snapshots=snapshots)
    began = link.clock()
    some = [item for name in "ab" for item in (begun(name), lines(texts(name), session=name))]
    assert leaves(link, *some, REST)
    assert link.clock() < began + 30.0  # though snapshots have time
    assert set(moves(link, "a") + moves(link, "b")) == {"device", "host"}
    assert link.loop._usage.counters["snapshots_saved"] == 2
    again = Link(snapshots=Snapshots(tmp_path, b"k" * 32))
    for name in "ab":
        again.rest(messages.Open(name, name, None, 512, 5, 5), lines(texts(name), session=name))
        again.rest(ask(1, session=name, version=5))
        assert again.done(1).text == answer(texts(name))
        again.sent.clear()
    assert again.loop._usage.counters["snapshots_restored"] == 2


@pytest.mark.parametrize("debounce_ms", [0, 10_000])
def test_what_is_due_later_is_done_first(debounce_ms: int) -> None:
    link = crowded(1)
    full(link, "a")
    work(link, flash("f", "who?", "a", debounce_ms=debounce_ms))
    assert leaves(link, lines(texts("a", 6)[5:], 5, "a"), REST)
    found = [item.text for item in link.of(messages.Evaluated)]
    assert found == [answer(texts("a"), "who?"), answer(texts("a", 6), "who?")]


def test_what_may_never_be_done_keeps_nobody_up() -> None:
    link = crowded(1, settings={"flash_budget_s": 0.0})
    filled(link, "a")
    assert leaves(link, flash("f", "who?", "a"), REST)
    assert link.of(messages.Evaluated) == []


@pytest.mark.parametrize("late", [False, True])
def test_whatever_comes_takes_the_rest_back(late: bool) -> None:
    link = crowded(1)
    full(link, "a")
    more = lines(texts("a", 8)[5:], 5, "a")
    if late:  # while it waits for what is due
        work(link, flash("f", "who?", "a", debounce_ms=10_000))
        link.coming.append((link.clock() + 5.0, more))
        assert not leaves(link, lines(texts("a", 6)[5:], 5, "a"), REST)
    else:
        assert not leaves(link, REST, more)
    assert link.of(messages.Settled)[-1].version == 8
    assert leaves(link, REST)


def test_a_mere_look_does_not() -> None:
    link = crowded(1)
    filled(link, "a")
    assert leaves(link, REST, messages.Pin("a", True), messages.Explain(1, "a"), messages.Beat())
    assert link.of(messages.Explained)
    assert link.of(messages.Beat)


def test_a_numbered_beat_takes_it_back_for_work_is_on_its_way() -> None:
    link = crowded(1)
    filled(link, "a")
    assert not leaves(link, REST, messages.Beat(1))
    assert leaves(link, REST)


def test_a_beat_is_answered_while_it_works() -> None:
    link = crowded(1)
    filled(link, "a")
    link.beat(ask(1, session="a", most=50), messages.Beat())
    assert link.of(messages.Beat)
    assert link.of(messages.Done) == []


def test_a_session_that_nobody_needs_leaves_the_device_and_comes_back_whole() -> None:
    link = crowded(3, spill_s=SPILL)
    full(link, "a", "b")
    link.rest(messages.Pin("b", True))
    assert [place(link, name) for name in "ab"] == ["host", "device"]
    assert f"{SPILL:g} s" in link.of(messages.Moved)[-1].reason
    before, settled = computed(link), len(link.of(messages.Settled))
    link.rest(ask(1, session="a", version=5))
    assert link.done(1).text == answer(texts("a"))
    assert (computed(link), len(link.of(messages.Settled))) == (before, settled)
    assert moves(link, "a") == ["device", "host", "device", "host"]


def test_lines_and_questions_put_it_off() -> None:
    link = crowded(3, spill_s=SPILL)
    full(link, "a")
    began = link.clock()
    for step in range(1, 6):
        some = ask(step, session="a") if step % 2 else lines(texts("a", 5 + step), 0, "a")
        link.coming.append((began + step * SPILL * 0.9, some))
    link.rest()
    assert len(link.of(messages.Done)) == 3
    assert moves(link, "a") == ["device", "host"]


def test_a_question_that_is_due_later_puts_it_off() -> None:
    link = crowded(3, spill_s=SPILL)
    full(link, "a")
    work(link, flash("f", "who?", "a", debounce_ms=5_000_000))  # at once, then after 5,000 s
    link.rest(lines(texts("a", 6)[5:], 5, "a"))
    assert len(link.of(messages.Evaluated)) == 2
    assert moves(link, "a") == ["device", "host"]
    assert [type(item) for item in link.sent if isinstance(item, SEEN)][-2:] == list(SEEN)


def test_cells_that_nothing_else_can_hold_stay() -> None:
    link = crowded(3, spill_s=SPILL, settings={"host_budget_mb": 0})
    filled(link, "a")
    link.clock.advance(10 * SPILL)
    link.rest(messages.Beat())
    assert moves(link, "a") == ["device"]


def test_a_session_that_computes_for_long_is_not_at_rest() -> None:
    link = crowded(2, spill_s=0.001)
    filled(link, "a")
    link.rest(ask(1, session="a", most=40, version=5))
    assert link.done(1).text == answer(texts("a"), most=40)
    assert moves(link, "a")[-2:] == ["device", "host"]


def test_a_disk_that_takes_nothing_keeps_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = crowded(1, snapshots=Snapshots(tmp_path, b"k" * 32))
    full(link, "a")
    rungs = link.loop._desk.upkeep._rungs

    def broken(session: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(rungs, "save", broken)
    assert leaves(link, REST)
    assert link.loop._usage.counters["snapshots_failed"] == 1


def test_zero_seconds_are_never() -> None:
    assert Settings().spill_after_s == SPILL
    link = crowded(3, spill_s=0.0)
    filled(link, "a")
    assert moves(link, "a") == ["device"]
