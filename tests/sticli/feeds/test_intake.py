"""What goes into the spool: pieces that a request can hold, each with the place behind it."""

from pathlib import Path

import msgspec
import pytest

from sticli.feeds.choice import Choice
from sticli.feeds.follow import Follow
from sticli.feeds.intake import Intake
from sticli.feeds.pipeline import Pipeline
from sticli.feeds.place import Position, parse
from sticli.feeds.spool import Piece, Spool
from sticli.protocol import MAX_BODY

FIELDS = tuple(f"{n:03}{'x' * 60}" for n in range(10))
WIDE = Choice("jsonl", fields=FIELDS)
LINES = 22_000


def pieces(path: Path, position: Position | None, choice: Choice = WIDE) -> list[Piece]:
    """All that is put into the spool from there on."""
    spool, follow = Spool(1 << 62), Follow(path, lambda note: None)
    memory = follow.start(position, 0)
    intake = Intake(Pipeline(choice, memory), spool, follow.where)
    while follow.step(intake):
        intake.tend()
    intake.flush()
    return list(spool._pieces)


@pytest.mark.parametrize("choice", [WIDE, Choice("jsonl", fields=FIELDS, strict=True)])
def test_what_grows_is_put_away_in_pieces_and_gone_on_with_behind_any(
    tmp_path: Path, choice: Choice
) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"{}\n" * LINES)
    found = pieces(log, None, choice)
    assert max(len(msgspec.json.encode(one.lines)) for one in found) < MAX_BODY / 4
    for count in (1, len(found) // 2):
        stored = sum(len(one.lines) for one in found[:count])
        later = pieces(log, parse(found[count - 1].position), choice)
        assert stored + sum(len(one.lines) for one in later) == LINES


@pytest.mark.parametrize("offset", [-5, 10**30])
def test_a_position_that_no_file_has_is_none(offset: int) -> None:
    place = {"device": 1, "inode": 1, "offset": offset, "mark": ""}
    text = f'{{"place": {msgspec.json.encode(place | {"offset": 0}).decode()}, "memory": {{}}}}'
    assert parse(text)
    assert parse(text.replace('"offset":0', f'"offset":{offset}')) is None
