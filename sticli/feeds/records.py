"""Cuts a stream of bytes into CSV records: a quoted field may hold line breaks."""

import re
from collections.abc import Callable

from sticli.feeds.cutter import Cutter
from sticli.protocol import MAX_LINE


class RecordCutter:
    """As a Cutter, but what it gives may hold newlines.

    A record that is not closed within MAX_LINE bytes has a stray quote: its first line is given
    as it is, and the next line begins a record.
    """

    def __init__(self, delimiter: str) -> None:
        self._cutter = Cutter()
        self._rest = b""
        self._scanned = 0  # bytes of the rest that are whole lines, all of one record
        self._open = _unclosed(delimiter)

    @property
    def replaced(self) -> int:
        return self._cutter.replaced

    @property
    def split(self) -> int:
        return self._cutter.split

    @property
    def held(self) -> int:
        """Bytes that no record was given for yet."""
        return len(self._rest) + self._cutter.held

    @property
    def long(self) -> bool:
        return self._cutter.long

    @long.setter
    def long(self, value: bool) -> None:
        self._cutter.long = value

    def drop(self) -> None:
        """Forget what is held."""
        self._rest, self._scanned = b"", 0
        self._cutter.drop()

    def feed(self, data: bytes) -> list[str]:
        """The records that these bytes complete."""
        records: list[str] = []
        if self._cutter.held or self.long:  # in a line that is too long to be CSV
            end = data.find(b"\n") + 1 or len(data)
            records += self._cutter.feed(data[:end])
            data = data[end:]
        self._rest += data
        start = 0
        if b'"' not in self._rest:
            start = self._rest.rfind(b"\n") + 1
            records += self._cutter.feed(self._rest[:start])
        while (end := self._next(start)) > start:
            records += self._give(self._rest[start:end])
            start = end
        self._rest, self._scanned = self._rest[start:], max(0, self._scanned - start)
        return records

    def end(self) -> list[str]:
        """What is held, where nothing more comes."""
        records = self.feed(b"" if self._rest.endswith(b"\n") else b"\n") if self._rest else []
        rest, self._rest, self._scanned = self._rest, b"", 0
        for line in rest.split(b"\n")[:-1]:  # none of them closes what one before it opens
            records += self._give(line + b"\n")
        return records + self._cutter.end()

    def _next(self, start: int) -> int:
        """Where the record that starts there ends, or a piece of it; `start` while nobody knows."""
        rest, at = self._rest, max(start, self._scanned)
        if 0 < start < at and not self._open(rest[start : (end := rest.find(b"\n", start))]):
            return end + 1  # it was scanned as if inside of a quote that was a stray one
        while (newline := rest.find(b"\n", at)) >= 0:
            line, inside = rest[at:newline], at > start
            if inside and newline - start >= MAX_LINE:
                break
            at = newline + 1
            if not self._open(b'"' + line if inside else line):
                return at
        self._scanned = at
        if len(rest) - start <= MAX_LINE:
            return start
        return rest.find(b"\n", start) + 1 or len(rest)

    def _give(self, raw: bytes) -> list[str]:
        """Bytes as one record, if they are short enough for one."""
        lines = self._cutter.feed(raw)
        return ["\n".join(lines)] if lines and len(raw) <= MAX_LINE else lines


def _unclosed(delimiter: str) -> Callable[[bytes], re.Match[bytes] | None]:
    """Whether a line ends inside a quoted field; a field begins with its quote."""
    mark = re.escape(delimiter.encode())
    closed = b'(?:"(?:[^"]|"")*+"[^' + mark + b']*+|[^"' + mark + b"][^" + mark + b"]*+|)"
    return re.compile(b"(?:" + closed + mark + b')*+"(?:[^"]|"")*+').fullmatch
