"""One open file, read as it grows, that notices when it is no longer what was read."""

import os
from pathlib import Path

from sticli.feeds import place
from sticli.feeds.intake import CHUNK
from sticli.feeds.place import HEAD, RECENT, Place


class Tail:
    """Reads an open file from an offset on; who closes it is the caller."""

    def __init__(self, file: int, offset: int = 0) -> None:
        self.file = file
        self.offset = offset
        self._head = os.pread(file, min(HEAD, offset), 0)
        start = max(0, offset - RECENT)
        self._recent = os.pread(file, offset - start, start)

    def close(self) -> None:
        os.close(self.file)

    @property
    def size(self) -> int:
        """Bytes of the file now."""
        return os.fstat(self.file).st_size

    def head(self, size: int) -> bytes:
        """The first bytes of what was read, or skipped."""
        return os.pread(self.file, min(size, self.offset), 0)

    def read(self, held: int) -> bytes | None:
        """What is new, nothing at the end; None when what was read before is there no more.

        Of what it gave before, the caller still holds back `held` bytes.
        """
        data = os.pread(self.file, CHUNK, self.offset)
        if not self._unchanged():  # looked at afterwards: what was read is whole then
            return None
        self.offset += len(data)
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        self._recent = (self._recent + data)[-(RECENT + held + len(data)) :]
        return data

    def place(self, held: int) -> Place:
        """Where to go on, that is behind all but the bytes that are held back."""
        found = os.fstat(self.file)
        offset = self.offset - held
        recent = self._recent[: len(self._recent) - held]
        mark = place.mark(self._head[: min(HEAD, offset)], recent)
        return Place(found.st_dev, found.st_ino, offset, mark)

    def _unchanged(self) -> bool:
        if self.size < self.offset:
            return False
        recent = self._recent[-RECENT:]
        start = self.offset - len(recent)
        return (
            os.pread(self.file, len(recent), start) == recent
            and os.pread(self.file, len(self._head), 0) == self._head
        )


def opened(path: Path, offset: int = 0) -> Tail:
    """A file from an offset on.

    Raises:
        OSError: it is not there, or may not be read.
    """
    return Tail(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), offset)
