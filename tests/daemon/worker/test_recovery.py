"""Sessions that come back: from a snapshot where it can be believed, else from the journal."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker import recovery
from sticli.daemon.worker.snapshot import Header, Snapshots
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import FakeEngine

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]
KEY = b"k" * 32


def saved(folder: Path, texts: list[str]) -> Snapshots:
    """A folder with the snapshot of a session of these lines."""
    snapshots = Snapshots(folder, KEY)
    link = Link(snapshots=snapshots)
    link.rest(opened(limit=2048), lines(texts), ask(1, version=len(texts)))
    link.stop()
    assert link.of(messages.Stopped)
    return snapshots


def restored(
    snapshots: Snapshots | None, texts: list[str], **options: object
) -> tuple[Link, messages.Restored]:
    """A new worker whose journal holds these lines; its answer is checked."""
    link = Link(snapshots=snapshots, **options)  # type: ignore[arg-type]
    half = len(texts) // 2
    link.beat(opened(limit=2048, lines=len(texts)))
    link.rest(lines(texts[:half]), lines(texts[half:], half), ask(1))
    assert link.done(1).text == answer(texts)
    assert link.done(1).version == len(texts)
    assert link.engine.reserved == 2048
    (found,) = link.of(messages.Restored)
    return link, found


def computed(link: Link) -> int:
    return int(link.loop._usage.counters["tokens_ingest"])


def test_a_snapshot_saves_the_prefill(tmp_path: Path) -> None:
    link, found = restored(saved(tmp_path, FEED), FEED)
    assert found.note == f"from snapshot: {found.tokens} tokens, 1 recomputed"
    assert computed(link) == 0
    assert link.of(messages.Settled)[-1].lines == 40


def test_what_came_later_is_computed(tmp_path: Path) -> None:
    link, found = restored(saved(tmp_path, FEED[:30]), FEED)
    new = sum(len(line) + 1 for line in FEED[30:])
    assert computed(link) == new
    assert found.note.endswith(f"{new + 1} recomputed")


def test_a_journal_that_is_behind_the_snapshot_wins(tmp_path: Path) -> None:
    link, found = restored(saved(tmp_path, FEED), FEED[:25])
    assert found.note.startswith("from snapshot")
    assert computed(link) == 0


@given(
    before=st.lists(st.sampled_from(FEED[:6]), max_size=12),
    after=st.lists(st.sampled_from(FEED[:6]), min_size=1, max_size=12),
)
@configure(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_journal_after_any_snapshot(
    tmp_path: Path, before: list[str], after: list[str]
) -> None:
    restored(saved(tmp_path, before), after)


def test_no_snapshot_is_no_harm(tmp_path: Path) -> None:
    assert restored(None, FEED)[1].note == "from the journal"
    assert restored(Snapshots(tmp_path, KEY), FEED)[1].note == "from the journal"


def spoilt(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        spoilt(lambda data: b""),
        spoilt(lambda data: data[:100]),
        spoilt(lambda data: data[:-1]),
        spoilt(lambda data: b"x" + data[1:]),
        spoilt(lambda data: data[:300] + bytes([data[300] ^ 8]) + data[301:]),
        spoilt(lambda data: data[:-50] + bytes(50)),
    ],
)
def test_a_damaged_snapshot_is_put_aside(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    snapshots = saved(tmp_path, FEED)
    spoil(snapshots.path("s", "u"))
    link, found = restored(snapshots, FEED)
    assert found.note.startswith("snapshot damaged (")
    assert found.note.endswith("), moved to corrupt/; from the journal")
    assert (tmp_path / "corrupt" / "s-u.kv").exists()
    assert not snapshots.exists("s", "u") or link.of(messages.Usage)


def test_another_key_is_damage(tmp_path: Path) -> None:
    saved(tmp_path, FEED)
    found = restored(Snapshots(tmp_path, b"o" * 32), FEED)[1]
    assert found.note.startswith("snapshot damaged")


@pytest.mark.parametrize("change", ["payload", "fingerprint"])
def test_cells_that_are_not_what_the_header_says_are_damage(tmp_path: Path, change: str) -> None:
    snapshots = saved(tmp_path, FEED)
    header, payload = snapshots.read("s", "u")
    if change == "payload":
        payload = bytes(len(payload))
    else:
        header = msgspec.structs.replace(header, logits=[value + 1 for value in header.logits])
    snapshots.write("s", "u", header, payload)
    link, found = restored(snapshots, FEED)
    assert found.note.startswith("snapshot damaged")
    assert link.loop._usage.counters["snapshots_corrupt"] == 1


def test_cells_of_other_tokens_are_damage(tmp_path: Path) -> None:
    """A sound file whose cells hold another line than its header says."""
    mine = saved(tmp_path / "a", FEED)
    other = saved(tmp_path / "b", [*FEED[:20], "line X" + FEED[20][6:], *FEED[21:]])
    header, payload = mine.read("s", "u")[0], other.read("s", "u")[1]
    mine.write("s", "u", header, payload)
    assert "do not continue as saved" in restored(mine, FEED)[1].note


@pytest.mark.parametrize("what", ["model", "engine", "layout", "limit"])
def test_a_snapshot_of_something_else_is_not_used(tmp_path: Path, what: str) -> None:
    snapshots = saved(tmp_path, FEED)
    header, payload = snapshots.read("s", "u")
    change: dict[str, Header] = {
        "model": msgspec.structs.replace(header, model="m2"),
        "engine": msgspec.structs.replace(header, engine="other"),
        "layout": msgspec.structs.replace(header, layout={"kv": "q8"}),
        "limit": msgspec.structs.replace(header, tokens=header.tokens * 9),
    }
    snapshots.write("s", "u", change[what], payload)
    assert restored(snapshots, FEED)[1].note.startswith("from the journal; snapshot not used")
    assert not (tmp_path / "corrupt").exists()


def test_taken_when_the_session_has_rested(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, KEY)
    link = Link(snapshots=snapshots, settings=Settings(snapshot_idle_s=30))
    link.beat(opened(), lines(FEED[:3]))
    began = link.clock()
    link.rest()
    assert link.clock() - began == pytest.approx(30, abs=1)
    assert link.loop._usage.counters["snapshots_saved"] == 1
    link.rest(ask(1))
    assert link.loop._usage.counters["snapshots_saved"] == 1
    assert link.done(1).text == answer(FEED[:3])
    link.rest(lines(FEED[3:5], 3))
    assert link.loop._usage.counters["snapshots_saved"] == 2


def test_a_disk_that_takes_nothing_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    snapshots = Snapshots(tmp_path, KEY)
    monkeypatch.setattr(Snapshots, "write", full)
    link = Link(snapshots=snapshots)
    link.rest(opened(), lines(FEED[:3]), flash("f", "why?"), ask(1, version=3))
    link.stop()
    assert link.loop._usage.counters["snapshots_failed"] == 1
    assert link.of(messages.Stopped)
    assert link.done(1).text == answer(FEED[:3])


def test_close_removes_the_snapshot(tmp_path: Path) -> None:
    snapshots = saved(tmp_path, FEED)
    link = restored(snapshots, FEED)[0]
    link.rest(messages.Close("s"))
    assert not snapshots.exists("s", "u")
    assert link.engine.reserved == 0


def test_another_incarnation_has_its_own_snapshot(tmp_path: Path) -> None:
    snapshots = saved(tmp_path, FEED)
    link = Link(snapshots=snapshots)
    link.rest(opened("s-u"), opened(uid="new"), lines(FEED[:2]), ask(1, version=2))
    assert link.done(1).text == answer(FEED[:2])
    assert not snapshots.exists("s", "u")
    assert snapshots.exists("s", "new")
    assert snapshots.exists("s-u", "u")


def test_close_removes_the_snapshot_of_a_session_that_is_not_live(tmp_path: Path) -> None:
    snapshots = saved(tmp_path, FEED)
    Link(snapshots=snapshots).rest(messages.Close("s"))
    assert not snapshots.exists("s", "u")


def test_rounding_within_the_tolerance_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = saved(tmp_path, FEED)
    header, payload = snapshots.read("s", "u")
    near = [value + recovery.TOLERANCE / 2 for value in header.logits]
    snapshots.write("s", "u", msgspec.structs.replace(header, logits=near), payload)
    assert restored(snapshots, FEED)[1].note.startswith("from snapshot")


def test_a_full_session_comes_back_full(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, KEY)
    link = Link(snapshots=snapshots)
    link.rest(opened(limit=256), lines(FEED))
    link.stop()
    again = Link(FakeEngine(), snapshots=snapshots)
    again.rest(opened(limit=256, lines=40), lines(FEED), ask(1))
    assert again.of(messages.Full) == link.of(messages.Full)
    assert again.of(messages.Restored)[0].note.startswith("from snapshot")
    assert again.done(1).text == answer(FEED[: link.of(messages.Full)[0].lines])
