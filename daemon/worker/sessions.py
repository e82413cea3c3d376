"""A session's tokens: the prefix and every line as ids, how far they are in the cache, versions.

It owns no cells: `seq` names the engine's sequence that holds the first `length` tokens, while
the session is on the device; its ids stay here wherever its cells are.
"""

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sticli.daemon.engines.base import Seq
from sticli.daemon.worker.ledger import Ledger
from sticli.daemon.worker.lookup import Lookup
from sticli.daemon.worker.pace import Pace
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.window import Shift, Window, opened

Place = Literal["device", "host", "disk", "journal"]

RESERVE = 1024  # cells that lines leave to questions, at most an eighth of the session


@dataclass(slots=True, eq=False)
class Session:
    """One live session; the scheduler steps its lines into the cache."""

    name: str
    uid: str
    limit: int  # cells, questions included
    seq: Seq | None  # None: not on the device
    frame: Frame  # how a question is put to it
    encode: Callable[[str], list[int]]
    journal: int  # lines that the journal held when it was opened
    on_full: str = "stop"  # or rebase, or slide: a protocol.OnFull
    held: bool = False  # nothing is computed while a snapshot waits for the journal
    restored: bool = False  # every line that the journal held is in the cache
    note: str = "from the journal"
    window_from: int = 0  # the first line (from 0) of the context
    length: int = 0  # tokens in the cache, or in the one that it had and comes back to
    promised: int = 0  # cells that running questions may fill
    starved: bool = False  # its lines found no cells: no ask starts before they have had some
    full: bool = False
    window: Window | None = None  # which lines are kept; None: all
    next: Successor | None = None  # the window that follows this one
    shift: Shift | None = None  # where this one slides to
    slid: bool = False  # it did: its cells are not those of a fresh session
    rebuilding: bool = False  # there is no room for two windows: questions wait for the next
    tenant: str = ""  # whose cells it may share
    pinned: bool = False  # the last to leave the device
    place: Place = "journal"  # where its cells are
    replay: Replay | None = None  # what of them is being computed anew
    leaving: bool = False  # it makes room for others once its questions have ended
    touched: float = 0.0  # when lines or a question last came, seconds of the loop's clock
    ledger: Ledger = field(default_factory=Ledger)
    left_out: int = 0  # lines too long for any window
    changed: float = 0.0  # when it last grew, seconds of the loop's clock
    saved: int = 0  # tokens in its snapshot
    offered: int = 0  # tokens that the disk was last asked to take, whether it did or not
    told_lines: int = 0  # what the front knows
    told_version: int = 0
    told_full: bool = False
    told_window: int = 0
    tokens: "array[int]" = field(default_factory=lambda: array("i"))
    lookup: Lookup | None = None  # of its tokens, once an answer was guessed from them
    pace: Pace = field(default_factory=Pace)
    _ends: "array[int]" = field(default_factory=lambda: array("q"))  # tokens up to each line's end
    _texts: deque[str | None] = field(default_factory=deque)  # lines not yet tokenised
    _marks: list[tuple[int, int]] = field(default_factory=list)  # (lines, version), growing

    def __post_init__(self) -> None:
        self.tokens.extend(self.frame.prefix)
        self._marks.append((self.window_from, 0))
        self.told_lines = self.told_window = self.window_from
        self.window = opened(self.on_full, self.room - len(self.tokens), self.window_from)

    @property
    def room(self) -> int:
        """Cells that prefix and lines may fill; the rest is for questions."""
        return self.limit - min(RESERVE, max(1, self.limit // 8))

    @property
    def arrived(self) -> int:
        """Lines of the journal that came, up to the first that did not fit."""
        return self.window_from + len(self._ends) + len(self._texts)

    @property
    def lines(self) -> int:
        """Lines of the journal that are in the cache, or before it."""
        return self.window_from + bisect_right(self._ends, self.length)

    @property
    def settled(self) -> int:
        """Tokens up to the end of the last line that is whole in the cache: where forks start."""
        whole = self.lines - self.window_from
        return self._ends[whole - 1] if whole else min(self.length, len(self.frame.prefix))

    @property
    def version(self) -> int:
        """The newest version whose lines are all in the cache."""
        return self._marks[bisect_right(self._marks, self.lines, key=lambda mark: mark[0]) - 1][1]

    @property
    def behind(self) -> bool:
        """Whether anything that fits is not in the cache yet."""
        return bool(self._texts) or self.length < len(self.tokens) or self.replay is not None

    @property
    def computable(self) -> bool:
        """Whether it is behind, and nothing but cells is missing."""
        return self.behind and not self.held and not self.catching_up

    @property
    def complete(self) -> bool:
        """Whether all that the journal held at Open, and fits, is in the cache."""
        if self.full:
            return not self.behind
        return self.lines >= self.journal and self.length >= len(self.frame.prefix)

    @property
    def free(self) -> int:
        """Cells that are neither filled nor promised."""
        return self.limit - self.length - self.promised

    def add(self, first: int, version: int, texts: Sequence[str | None]) -> int:
        """Queue lines `first`… (from 0); what came before is skipped.

        Returns the number of lines taken; 0 as well after a gap, or once it is full.
        """
        known = self.arrived - first
        if self.full or known < 0 or known >= len(texts):
            return 0
        self._texts.extend(texts[known:])
        self._marks.append((first + len(texts), version))
        return len(texts) - known

    def waiting(self, most: int) -> int:
        """Tokens that can be computed now, at most `most`."""
        if self.held or self.catching_up:
            return 0
        self.tokenise(self.length + most)
        return max(0, min(most, self.fillable - self.length, self.free))

    @property
    def fillable(self) -> int:
        """Tokens that this window may come to hold."""
        most = min(len(self.tokens), self.room)
        return most if self.shift is None else min(most, self.shift.due)

    @property
    def cramped(self) -> bool:
        """Whether questions may fill all the cells that its lines need."""
        return self.free <= 0 and self.replay is None and self.length < self.fillable

    @property
    def catching_up(self) -> bool:
        """Whether lines still move the next window on: computing this one is for nothing."""
        return self.next is not None and not self.next.begun and bool(self._texts)

    def lane(self) -> "Session | Successor | Replay":
        """What ingest computes: what has to come back first, then this window, or the next once
        this one can take no more."""
        if self.replay is not None:
            return self.replay
        if self.next is None or not self.next.begun:
            return self
        self.tokenise(self.length + 1)
        return self.next if self.length >= self.fillable and self.behind else self

    @property
    def askable(self) -> bool:
        """Whether questions may start."""
        here = self.seq is not None and not self.leaving
        return self.restored and here and not self.rebuilding and not self.sliding

    @property
    def sliding(self) -> bool:
        """Whether it has to slide before anything else: new questions wait for that."""
        return self.shift is not None and self.length >= self.shift.due

    def tokenise(self, until: int, most: int = 1 << 62) -> None:
        """Tokenise lines, each by itself, until there are `until` tokens, `most` characters are
        through, or a line has to wait or does not fit."""
        while self._texts and len(self.tokens) < until and most > 0:
            text = self._texts[0]
            line = [] if text is None else self.encode(text + "\n")
            if not (self._keep(line) if self.window else self._fit(line)):
                return
            self._texts.popleft()
            most -= len(text or "")

    def _fit(self, line: Sequence[int]) -> bool:
        """Take a line, or be full for good."""
        if len(self.tokens) + len(line) > self.room:
            self.full = True
            self._texts.clear()
            return False
        self._add(line)
        return True

    def _keep(self, line: Sequence[int]) -> bool:
        """Take a line, for which the window may move; False while a move is still going on."""
        assert self.window is not None
        if not self.window.holds(len(line)):
            self.left_out += 1
            line = ()
        begun = self.shift is not None or (self.next is not None and self.next.begun)
        if begun and self.window.moves(len(line)):
            return False
        due = len(self.tokens)
        self._add(line)
        if self.window.add(len(line)):
            self._move(self.window.start, due)
        return True

    def _move(self, start: int, due: int) -> None:
        """Note where the window goes, for a line that begins after `due` tokens."""
        if self.on_full == "slide":
            self.shift = Shift(start, due)
        else:
            self.next = Successor(self, start, self._begin(start))

    def _add(self, line: Sequence[int]) -> None:
        self.tokens.extend(line)
        self._ends.append(len(self.tokens))

    def _begin(self, line: int) -> int:
        """Where a line begins among the tokens."""
        before = line - self.window_from
        return self._ends[before - 1] if before else len(self.frame.prefix)

    def until(self, lines: int) -> int:
        """Tokens up to the end of the journal's first `lines` lines, of which the window holds
        the last, or of the prefix."""
        return self._begin(lines)

    def adopt(self) -> None:
        """Go on as the next window. Whoever calls owns the sequence that was this one's."""
        found = self.next
        assert found is not None
        assert found.seq is not None
        self._leave(found.start, found.offset)
        self.seq, self.length = found.seq, found.length
        self.next, self.saved, self.offered = None, 0, 0

    def slide(self) -> None:
        """Go on without the lines ahead of the shift. Whoever calls has moved the cells."""
        assert self.shift is not None
        start, self.length = self.shift.start, self.length - self.outgoing
        self._leave(start, self._begin(start))
        self.shift, self.slid, self.saved, self.offered = None, True, 0, 0

    @property
    def outgoing(self) -> int:
        """Tokens behind the prefix that the shift forgets."""
        return self._begin(self.shift.start) - len(self.frame.prefix) if self.shift else 0

    def _leave(self, start: int, offset: int) -> None:
        """Forget the lines before `start`, which begins after `offset` tokens."""
        prefix = self.frame.prefix
        gone = offset - len(prefix)
        self._ends = array("q", [end - gone for end in self._ends[start - self.window_from :]])
        self.tokens = array("i", prefix) + self.tokens[offset:]
        self.window_from = start
        last = bisect_right(self._marks, start, key=lambda mark: mark[0])
        self._marks = self._marks[max(0, last - 1) :]

    def take(self, count: int) -> Sequence[int]:
        """The next `count` tokens."""
        return self.tokens[self.length : self.length + count]

    def wants(self, count: int) -> Literal["none"]:
        """Lines are read, not continued: no logits."""
        return "none"
