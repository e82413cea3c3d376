"""What waits for a look is little, and none of it is wrong."""

from sticli.errors import SticliError
from sticli.watch.news import LINES, Lost
from sticli.watch.pending import MOST, Pending, merged
from tests.sticli.watch.said import event, line, snapshot

GONE = Lost(1.0, SticliError("unreachable", "gone", "start it"))


def test_all_of_it_is_taken_once() -> None:
    pending = Pending()
    first, second = event("session"), snapshot()
    pending.add(second)
    pending.add(first)
    assert pending.take() == [first, second]
    assert pending.take() == []


def test_the_oldest_events_give_way() -> None:
    pending = Pending()
    for number in range(MOST + 5):
        pending.add(event("answer", number))
    found = pending.take()
    assert len(found) == MOST
    assert found[-1] == event("answer", MOST + 4)


def test_lost_and_found_is_not_lost() -> None:
    pending = Pending()
    pending.add(GONE)
    pending.add(snapshot())
    assert pending.take() == [snapshot()]


def test_found_and_lost_is_lost() -> None:
    pending = Pending()
    pending.add(snapshot())
    pending.add(GONE)
    assert pending.take() == [snapshot(), GONE]


def test_snapshots_are_merged_with_all_their_lines() -> None:
    old = snapshot(1.0, lines=[line(1), line(2)], skipped=3)
    new = snapshot(2.0, lines=[line(5)], skipped=2)
    assert merged(old, new) == snapshot(2.0, lines=[line(1), line(2), line(5)], skipped=5)


def test_merged_lines_are_bounded_and_those_left_out_are_counted() -> None:
    old = snapshot(lines=[line(n) for n in range(1, LINES + 1)])
    new = snapshot(lines=[line(LINES + 1), line(LINES + 2)])
    found = merged(old, new)
    assert [found.lines[0].seq, found.lines[-1].seq] == [3, LINES + 2]
    assert (len(found.lines), found.skipped) == (LINES, 2)


def test_lines_of_another_session_or_of_one_begun_anew_are_not_mixed() -> None:
    old = snapshot(lines=[line(8), line(9)])
    for new in (snapshot(chosen="t", lines=[line(10)]), snapshot(lines=[line(1)])):
        assert merged(old, new) == new
