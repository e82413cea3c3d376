"""Cuts a stream of bytes into lines of text, with bounded memory; reads and sends nothing."""

from sticli.protocol import MAX_LINE

MARK = " [sticli: line goes on]"
PIECE = MAX_LINE - len(MARK)  # bytes of a too long line that go into one
LOST = "\ufffd"


class Cutter:
    """Lines end at a newline; one carriage return before it goes too; the pieces do not matter.

    `replaced` counts bytes that were no UTF-8, `split` the lines that were too long; `long` says
    that the unfinished line has been cut before.
    """

    def __init__(self) -> None:
        self.replaced = 0
        self.split = 0
        self._rest = b""
        self.long = False

    @property
    def held(self) -> int:
        """Bytes that no line was given for yet."""
        return len(self._rest)

    def drop(self) -> None:
        """Forget what is held."""
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that these bytes complete."""
        end = data.rfind(b"\n") + 1
        if not end:
            return self._hold(data)
        whole = self._rest + data[:end]
        self._rest = b""
        lines = self._lines(whole)
        return lines + self._hold(data[end:])

    def end(self) -> list[str]:
        """The last line, if it had no newline."""
        last, self._rest = self._rest, b""
        lines = self._lines(last + b"\n") if last else []
        self.long = False
        return lines

    def _hold(self, data: bytes) -> list[str]:
        """Keep what has no newline yet, except what is already known to be too long."""
        self._rest += data
        pieces, self._rest = self._pieces(self._rest)
        return [line for piece in pieces for line in self._fit(piece, MARK)]

    def _lines(self, whole: bytes) -> list[str]:
        """The lines of bytes that end in a newline."""
        if self.long or (len(whole) > MAX_LINE and max(map(len, whole.split(b"\n"))) > MAX_LINE):
            return [line for raw in whole[:-1].split(b"\n") for line in self._slowly(raw)]
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            return [line for raw in whole[:-1].split(b"\n") for line in self._slowly(raw)]
        return text.replace("\r\n", "\n")[:-1].split("\n")

    def _slowly(self, raw: bytes) -> list[str]:
        """One line, which may be too long or no UTF-8."""
        pieces, rest = self._pieces(raw)
        self.long = False
        lines = [line for piece in pieces for line in self._fit(piece, MARK)]
        return lines + self._fit(rest.removesuffix(b"\r"), "")

    def _pieces(self, raw: bytes) -> tuple[list[bytes], bytes]:
        """Full pieces of a too long line, and what is left, at most MAX_LINE bytes."""
        pieces = []
        while len(raw) > MAX_LINE:
            self.split += not self.long
            self.long = True
            cut = _boundary(raw, PIECE)
            pieces.append(raw[:cut])
            raw = raw[cut:]
        return pieces, raw

    def _fit(self, raw: bytes, mark: str) -> list[str]:
        """A piece as text; replacements may make it too long again."""
        text = raw.decode("utf-8", "replace")
        self.replaced += text.count(LOST) - raw.count(LOST.encode())
        return _split(text.encode(), mark)


def fit(lines: list[str]) -> list[str]:
    """The lines, cut where they have grown too long."""
    if not lines or 4 * max(map(len, lines)) <= MAX_LINE:
        return lines
    return [piece for line in lines for piece in _split(line.encode(), "")]


def _split(data: bytes, mark: str) -> list[str]:
    """Text in pieces that are lines, the last of which ends in the mark."""
    lines = []
    while len(data) > MAX_LINE - len(mark):
        cut = _boundary(data, PIECE)
        lines.append(data[:cut].decode() + MARK)
        data = data[cut:]
    return [*lines, data.decode() + mark]


def _boundary(raw: bytes, cut: int) -> int:
    """The last place at or before `cut` that is not inside a UTF-8 character."""
    for back in range(4):
        if raw[cut - back] & 0xC0 != 0x80:
            return cut - back
    return cut
