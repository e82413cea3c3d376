"""Each rung of the ladder gives back the same session, or the next one down does."""

import errno
from pathlib import Path
from unittest.mock import Mock

import pytest

from sticli.daemon import messages
from sticli.daemon.worker.snapshot import Snapshots
from tests.daemon.worker.crowded import LIMIT, computed, crowded, filled, moves, place, texts
from tests.daemon.worker.link import answer, ask, flash, lines, opened
from tests.fakes import FakeEngine


@pytest.mark.parametrize(
    ("host", "disk", "rung"), [(1, 1, "host"), (0, 1, "disk"), (0, 0, "journal")]
)
def test_each_rung_gives_back_the_same_session(
    tmp_path: Path, host: int, disk: int, rung: str
) -> None:
    link = crowded(
        1,
        snapshots=Snapshots(tmp_path, b"k" * 32),
        settings={"host_budget_mb": host, "disk_budget_mb": disk},
    )
    filled(link, "a")
    link.rest(flash("f", "who?", "a"))
    (first,) = link.of(messages.Evaluated)
    before = computed(link)
    filled(link, "b")
    assert place(link, "a") == rung
    own = computed(link) - before
    link.rest(ask(1, session="a", version=5))
    assert link.done(1).text == answer(texts("a"))
    again = computed(link) - before - own
    assert bool(again) == (rung == "journal")
    assert link.of(messages.Evaluated) == [first]  # its answer is as fresh as it was
    told = [item.version for item in link.of(messages.Settled) if item.session == "a"]
    assert told == sorted(told)
    link.rest(lines(texts("a", 7)[5:], 5, "a"), ask(2, session="a", version=7))
    assert link.done(2).text == answer(texts("a", 7))


def test_what_no_rung_can_hold_is_not_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = crowded(1, snapshots=Snapshots(tmp_path, b"k" * 32))
    monkeypatch.setattr(link.engine, "cell_bytes", 1 << 40)
    filled(link, "a", "b")
    assert place(link, "a") == "journal"
    link.rest(ask(1, session="a", version=5))
    assert link.done(1).text == answer(texts("a"))


def test_a_current_snapshot_is_not_written_twice(tmp_path: Path) -> None:
    link = crowded(1, snapshots=Snapshots(tmp_path, b"k" * 32), settings={"host_budget_mb": 0})
    filled(link, "a", "b")  # and rested: both are on disk
    before = link.loop._usage.counters["snapshots_saved"]
    link.rest(ask(1, session="a"))
    link.rest(ask(2, session="b"), ask(3, session="a"))
    assert moves(link, "a")[-3:] == ["device", "disk", "device"]
    assert link.loop._usage.counters["snapshots_saved"] == before


def test_host_ram_makes_room_for_the_newer(tmp_path: Path) -> None:
    link = crowded(1, snapshots=Snapshots(tmp_path, b"k" * 32))
    filled(link, "a", "b")
    shelf = link.loop._desk.ladder._rungs._shelf
    shelf.budget = shelf.bytes + 10
    filled(link, "c")
    assert [place(link, name) for name in "abc"] == ["disk", "host", "device"]
    assert shelf.bytes <= shelf.budget
    link.rest(*(ask(n, session=name) for n, name in enumerate("abc")))
    for n, name in enumerate("abc"):
        assert link.done(n).text == answer(texts(name))


def test_the_disk_forgets_what_was_used_least(tmp_path: Path) -> None:
    link = crowded(1, snapshots=Snapshots(tmp_path, b"k" * 32), settings={"host_budget_mb": 0})
    filled(link, "a", "b")
    link.rest(messages.Pin("a", True))
    recovery = link.loop._desk.ladder._rungs._recovery
    object.__setattr__(recovery, "disk", recovery.disk_bytes * 3 // 2 + 100)
    filled(link, "c", "d")
    assert [place(link, name) for name in "abcd"] == ["disk", "journal", "disk", "device"]
    assert recovery.disk_bytes <= recovery.disk
    link.rest(*(ask(n, session=name) for n, name in enumerate("abcd")))
    for n, name in enumerate("abcd"):
        assert link.done(n).text == answer(texts(name))


def test_damage_costs_a_rung_and_nothing_else(tmp_path: Path) -> None:
    link = crowded(1, snapshots=Snapshots(tmp_path, b"k" * 32))
    filled(link, "a", "b")
    rungs, session = link.loop._desk.ladder._rungs, link.loop._desk.sessions["a"]
    rungs.save(session)
    held = rungs._shelf._held
    held[session] = type(held[session])(held[session].header, bytes(50))
    link.rest(ask(1, session="a"))
    assert link.done(1).text == answer(texts("a"))
    assert "from disk" in link.of(messages.Moved)[-1].reason
    link.rest(ask(2, session="b"))
    held[session] = type(held[session])(held[session].header, bytes(50))
    path = next(tmp_path.glob("a-*.kv"))
    path.write_bytes(path.read_bytes()[:-9])
    link.rest(ask(3, session="a"))
    assert link.done(3).text == answer(texts("a"))
    assert (tmp_path / "corrupt" / path.name).exists()
    assert any("could not be loaded" in note for note in session.ledger.notes)
    assert any("snapshot damaged" in note for note in session.ledger.notes)
    link.rest(ask(4, session="b"))
    assert link.done(4).text == answer(texts("b"))


def test_stop_keeps_what_is_in_host_ram(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    link = crowded(1, snapshots=snapshots)
    filled(link, "a", "b")
    link.stop()
    again = crowded(2, snapshots=snapshots)
    for name in "ab":
        again.rest(opened(name, limit=LIMIT, uid=name, lines=5), lines(texts(name), session=name))
    assert [item.note[:13] for item in again.of(messages.Restored)] == ["from snapshot"] * 2
    assert computed(again) == 0


def test_an_engine_that_cannot_rewind_computes_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEngine, "rewinds", False)
    link = crowded(1)
    filled(link, "a", "b")
    assert place(link, "a") == "journal"
    link.rest(ask(1, session="a"), messages.Explain(2, "a"))
    assert link.done(1).text == answer(texts("a"))
    assert any("cannot be rewound" in note for note in link.of(messages.Explained)[0].account.notes)


def test_the_longer_of_snapshot_and_common_beginning_is_taken(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    link = crowded(2, snapshots=snapshots)
    filled(link, "a", count=3)
    link.stop()
    again = crowded(2, snapshots=snapshots)
    known = texts("a", 14)
    again.rest(opened("b", limit=LIMIT, uid="b"), lines(known, session="b"))
    before = computed(again)
    again.rest(
        opened("a", limit=LIMIT, uid="a", lines=14), lines(known, session="a"), ask(1, session="a")
    )
    assert computed(again) == before
    assert "copied from session b" in again.of(messages.Restored)[-1].note
    assert again.done(1).text == answer(known)


def test_a_snapshot_that_the_disk_refused_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    link = crowded(1, snapshots=snapshots, settings={"host_budget_mb": 0})
    filled(link, "a")
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "write", Mock(side_effect=full))
        link.rest(lines(texts("a", 7)[5:], 5, "a"))
        assert link.loop._usage.counters["snapshots_failed"] == 1
    filled(link, "b")
    moved = [move for move in link.of(messages.Moved) if move.session == "a"][-1]
    assert moved.place == "disk"
    header, _ = snapshots.read("a", link.loop._desk.sessions["a"].uid)
    assert len(header.tokens) == moved.tokens
