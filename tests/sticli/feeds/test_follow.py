"""Following a file: each of its lines once and in order, whatever becomes of file and feed."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.errors import SticliError
from sticli.feeds import follow
from sticli.feeds.choice import Choice
from sticli.feeds.follow import check
from tests.sticli.feeds.rig import Feed, Log


@pytest.fixture(autouse=True, scope="module")
def hasty() -> Iterator[None]:
    """Who writes leaves a rotated file at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follow, "SETTLE", 0.0)
        yield


acts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "read"]), st.integers(1, 4)),
        st.tuples(st.sampled_from(["part", "copytruncate"]), st.just(0)),
        st.tuples(st.sampled_from(["rename", "create", "store", "kill"]), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(acts)
def test_every_line_is_stored_once_and_in_order(acts: list[tuple[str, int]]) -> None:
    """Any schedule of writes, rotations, reads and kills; lines may come in two writes."""
    with tempfile.TemporaryDirectory() as folder:
        log, numbers = Log(Path(folder) / "log"), itertools.count()
        log.write(b"the first\n")
        feed = Feed(log.path)
        for act, amount in acts:
            if act in ("write", "part", "rename", "create", "copytruncate"):
                change(log, act, [next(numbers) for _ in range(amount or 1)], feed)
            elif act == "read":
                feed.read(amount)
            else:
                feed.store() if act == "store" else feed.kill()
        log.write(b"the last\n")
        feed.drain()
        assert feed.stored == log.lines
        assert not [note for note in feed.notes if "from its start" in note]


def change(log: Log, act: str, numbers: list[int], feed: Feed) -> None:
    """What who writes and who rotates may do."""
    if act == "write":
        log.write(b"".join(b"line %d\n" % number for number in numbers))
    elif act == "part":
        log.write(b"part %d," % numbers[0])
    elif act == "copytruncate":  # what was never looked at cannot be found again
        log.write(b"seen %d\n" % numbers[0])
        feed.drain()
        log.write(b"not seen %d\n" % numbers[0])
        log.copytruncate()
    else:
        log.rename(act == "create")


def test_an_unfinished_line_waits_for_its_end(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"one\ntw")
    feed = Feed(log.path)
    feed.drain()
    assert feed.stored == ["one"]
    log.write(b"o\n")
    feed.drain()
    assert feed.stored == ["one", "two"]


def test_a_file_may_come_later_and_go_for_a_while(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    feed = Feed(log.path)
    feed.drain()
    log.write(b"one\n")
    feed.drain()
    log.rename(create=False)
    feed.drain()
    feed.drain()
    log.write(b"two\n")
    feed.drain()
    assert feed.stored == ["one", "two"]
    assert feed.notes == [f"{log.path} is not there; waiting for it"] * 2


@pytest.mark.parametrize("same", [True, False])
def test_a_file_that_is_away_at_the_start_is_gone_on_with_when_it_comes_back(
    tmp_path: Path, same: bool
) -> None:
    log, away = Log(tmp_path / "log"), tmp_path / "elsewhere"
    log.write(b"a,b\n1,2\n")
    feed = Feed(log.path, Choice(format="csv"))
    feed.drain()
    log.path.rename(away)
    for _ in range(2):
        feed.kill()
        feed.drain()
    if same:
        away.rename(log.path)
        log.write(b"3,4\n")
    else:
        log.path.write_bytes(b"x,y\n5,6\n")
    feed.drain()
    feed.kill()
    feed.drain()
    assert feed.stored == ["a=1 b=2", "a=3 b=4" if same else "x=5 y=6"]
    assert any("is gone" in note for note in feed.notes) != same


def test_a_file_replaced_by_a_longer_copy_of_itself_is_not_read_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"one\ntwo\nunfin")
    feed = Feed(log.path)
    feed.drain()
    new = tmp_path / "new"
    new.write_bytes(log.path.read_bytes() + b"ished\nthree\n")
    new.replace(log.path)
    feed.drain()
    assert feed.stored == ["one", "two", "unfinished", "three"]


def test_who_is_late_to_leave_a_rotated_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "SETTLE", 600.0)
    log = Log(tmp_path / "log")
    log.write(b"one\n")
    feed = Feed(log.path)
    feed.drain()
    with log.path.open("ab") as file:
        log.rename(create=True)
        log.write(b"three\n")
        feed.drain()
        file.write(b"two\n")
    feed.drain()
    assert feed.stored == ["one", "two"]
    monkeypatch.setattr(follow, "SETTLE", 0.0)
    feed.drain()
    assert feed.stored == ["one", "two", "three"]


def test_who_still_writes_to_a_renamed_file_is_read(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"one\n")
    feed = Feed(log.path)
    feed.drain()
    with log.path.open("ab") as file:
        log.rename(create=True)
        feed.drain()
        file.write(b"late\n")
    feed.drain()
    log.write(b"two\n")
    feed.drain()
    assert feed.stored == ["one", "late", "two"]


@pytest.mark.parametrize("text", [b"x\n", b"another one, and longer than before\n"])
def test_a_file_written_anew_is_read_from_its_start(tmp_path: Path, text: bytes) -> None:
    """Whether it is shorter then or longer, and by a feed that is alive or one that comes back."""
    log = Log(tmp_path / "log")
    for kill in (False, True):
        log.path.write_bytes(b"one\ntwo\nunfin")
        feed = Feed(log.path)
        feed.drain()
        log.path.write_bytes(text)
        if kill:
            feed.kill()
        feed.drain()
        held = [] if kill else ["unfin"]
        assert feed.stored == ["one", "two", *held, text.decode().strip()]
        assert "from its start" in feed.notes[-1]


def test_beginning_at_the_end_or_at_an_offset(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"time,msg\n1,old\n")
    feed = Feed(log.path, Choice(format="csv"))
    feed.position = ""
    feed.start(offset=None)
    log.write(b"2,new\n")
    feed.kill()
    feed.drain()
    assert feed.stored == ["time=2 msg=new"]  # the header is known, although it was skipped
    feed.position = ""
    feed.start(offset=len(b"time,msg\n"))
    feed.drain()
    assert feed.stored[1:] == ["time=1 msg=old", "time=2 msg=new"]
    feed.position = ""
    with pytest.raises(SticliError, match="has 21 bytes"):
        feed.start(offset=22)


def test_each_rotated_csv_has_a_header_of_its_own(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"a,b\n1,2\n")
    feed = Feed(log.path, Choice(format="csv"))
    feed.drain()
    log.rename(create=False)
    log.write(b"b,c,d\n3,4,5\n")
    feed.drain()
    feed.kill()
    log.write(b"6,7,8\n")
    feed.drain()
    assert feed.stored == ["a=1 b=2", "b=3 c=4 d=5", "b=6 c=7 d=8"]


def test_a_csv_written_anew_while_nobody_looked_has_its_header_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"a,b\n1,2\n")
    feed = Feed(log.path, Choice(format="csv"))
    feed.drain()
    log.path.write_bytes(b"x,y,z\n3,4,5\n")
    feed.kill()
    feed.drain()
    assert feed.stored == ["a=1 b=2", "x=3 y=4 z=5"]


def test_a_refused_line_is_refused_again_and_nothing_is_doubled(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b'{"a": 1}\n{"a": 2}\nnonsense\n{"a": 3}\n')
    feed = Feed(log.path, Choice(format="jsonl", strict=True))
    for _ in range(2):
        feed.read(1)
        feed.store()
        assert feed.intake.refusal
        assert "line 3 is no JSON: 'nonsense'" in feed.intake.refusal.message
        assert feed.stored == ["a=1", "a=2"]
        feed.kill()
    log.path.write_bytes(log.generations[0].replace(b"nonsense", b'{"a":99}'))
    feed.drain()
    assert feed.stored == ["a=1", "a=2", "a=99", "a=3"]


def test_repeats_go_on_over_a_kill(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"x\n" * 3)
    feed = Feed(log.path, Choice(dedupe=True, sample=2))
    feed.drain()
    feed.kill()
    log.write(b"x\n" * 4 + b"y\nz\n")
    feed.drain()
    assert feed.stored == ["x", "… (repeated 6 times)", "z"]


def test_what_cannot_be_followed_is_refused_with_a_way_out(tmp_path: Path) -> None:
    check(tmp_path / "not there yet")
    with pytest.raises(SticliError, match="no regular file") as refused:
        check(tmp_path)
    assert "sticli append SESSION <" in refused.value.hint
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(SticliError, match="makes it up at each reading"):
        check(Path("/proc/self/status"))
    with pytest.raises(SticliError, match="circle: it may not be read"):
        check(circle)


def test_a_disk_that_fails_is_not_said_of_something_else(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"one\n")
    feed = Feed(log.path)
    assert feed.follow._tail
    feed.follow._tail.file = os.open(tmp_path, os.O_RDONLY)  # of which no byte can be read
    with pytest.raises(SticliError, match="/log: Is a directory"):
        feed.read(1)
    wake, other = os.pipe()
    feed.follow.run(feed.intake, wake, lambda: None)  # as `append` does: it ends, and says why
    assert str(feed.intake.refusal).startswith(f"{log.path}: Is a directory")
    for descriptor in (wake, other, feed.follow._tail.file):
        os.close(descriptor)
