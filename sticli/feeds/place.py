"""Where a feed is in its file, as it is kept with the lines: a file is known by its content."""

import os
from hashlib import blake2b
from typing import Annotated

import msgspec

from sticli.feeds.memory import Memory

HEAD = 1024  # bytes from the start of a file that tell it from others
RECENT = 256  # bytes before the offset that do
LARGEST = 1 << 62  # bytes of a file: what a system can be asked for

Offset = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class Place(msgspec.Struct, frozen=True):
    """An offset in a file; `mark` is a digest of the file's first bytes and of those before it."""

    device: int
    inode: int
    offset: Offset
    mark: str


class Position(msgspec.Struct, frozen=True):
    """Where a feed goes on; without a place, with the first byte of a file that is to come."""

    place: Place | None
    memory: Memory

    def text(self) -> str:
        """As it is stored."""
        return msgspec.json.encode(self).decode()


def parse(text: str) -> Position | None:
    """A position that was stored; None where it is empty, or of another program."""
    try:
        return msgspec.json.decode(text, type=Position) if text else None
    except msgspec.DecodeError:
        return None


def mark(head: bytes, recent: bytes) -> str:
    return blake2b(head[:HEAD] + recent[-RECENT:], digest_size=16).hexdigest()


def holds(file: int, place: Place) -> bool:
    """Whether an open file is, up to the offset, the one that was read."""
    head = os.pread(file, min(HEAD, place.offset), 0)
    start = max(0, place.offset - RECENT)
    recent = os.pread(file, place.offset - start, start)
    return len(recent) == place.offset - start and mark(head, recent) == place.mark


def at(file: int, offset: int) -> Place:
    """The place at an offset of an open file."""
    found = os.fstat(file)
    start = max(0, offset - RECENT)
    head, recent = os.pread(file, min(HEAD, offset), 0), os.pread(file, offset - start, start)
    return Place(found.st_dev, found.st_ino, offset, mark(head, recent))
