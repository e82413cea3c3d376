"""A session: how far its transcript is in the cache, which lines it keeps, where its cells are.

It owns no cells: `seq` names the engine's sequence that holds the first `length` tokens, while
the session is on the device; its ids stay in the transcript wherever its cells are.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sticli.daemon.engines.base import Seq
from sticli.daemon.worker.ledger import Ledger
from sticli.daemon.worker.lookup import Lookup
from sticli.daemon.worker.pace import Pace
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.transcript import Transcript
from sticli.daemon.worker.window import Shift, Window, opened

Place = Literal["device", "host", "disk", "journal"]

RESERVE = 1024  # cells that lines leave to questions, at most an eighth of the session


@dataclass(slots=True)
class Told:
    """What the front knows of a session."""

    window: int  # the first line of its context
    lines: int
    version: int = 0
    full: bool = False


@dataclass(slots=True, eq=False)
class Session:
    """One live session; the scheduler steps its lines into the cache."""

    name: str
    uid: str
    limit: int  # cells, questions included
    seq: Seq | None  # None: not on the device
    frame: Frame  # how a question is put to it
    transcript: Transcript
    journal: int  # lines that the journal held when it was opened
    on_full: str = "stop"  # or rebase, or slide: a protocol.OnFull
    held: bool = False  # nothing is computed while a snapshot waits for the journal
    restored: bool = False  # every line that the journal held is in the cache
    note: str = "from the journal"
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
    told: Told = field(init=False)
    lookup: Lookup | None = None  # of its tokens, once an answer was guessed from them
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        first = self.window_from
        self.told = Told(first, first)
        self.window = opened(self.on_full, self.room - self.transcript.begin, first)

    @property
    def tokens(self) -> "array[int]":
        """The prefix and the lines of the context, as far as they are tokenised."""
        return self.transcript.tokens

    @property
    def window_from(self) -> int:
        """The first line (from 0) of the context."""
        return self.transcript.first

    @property
    def room(self) -> int:
        """Cells that prefix and lines may fill; the rest is for questions."""
        return self.limit - min(RESERVE, max(1, self.limit // 8))

    @property
    def arrived(self) -> int:
        """Lines of the journal that came, up to the first that did not fit."""
        return self.transcript.arrived

    @property
    def lines(self) -> int:
        """Lines of the journal that are in the cache, or before it."""
        return self.transcript.lines(self.length)

    @property
    def settled(self) -> int:
        """Tokens up to the end of the last line that is whole in the cache: where forks start."""
        return min(self.length, self.transcript.until(self.lines))

    @property
    def version(self) -> int:
        """The newest version whose lines are all in the cache."""
        return self.transcript.version(self.lines)

    @property
    def behind(self) -> bool:
        """Whether anything that fits is not in the cache yet."""
        waits = self.transcript.waits
        return waits or self.length < len(self.tokens) or self.replay is not None

    @property
    def computable(self) -> bool:
        """Whether it is behind, and nothing but cells is missing."""
        return self.behind and not self.held and not self.catching_up

    @property
    def complete(self) -> bool:
        """Whether all that the journal held at Open, and fits, is in the cache."""
        if self.full:
            return not self.behind
        return self.lines >= self.journal and self.length >= self.transcript.begin

    @property
    def free(self) -> int:
        """Cells that are neither filled nor promised."""
        return self.limit - self.length - self.promised

    def add(self, first: int, version: int, texts: Sequence[str | None]) -> int:
        """Queue lines `first`… (from 0); what came before is skipped.

        Returns the number of lines taken; 0 as well after a gap, or once it is full.
        """
        return 0 if self.full else self.transcript.add(first, version, texts)

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
        return self.next is not None and not self.next.begun and self.transcript.waits

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
        while self.transcript.waits and len(self.tokens) < until and most > 0:
            line, characters = self.transcript.peek()
            if not (self._keep(line) if self.window else self._fit(line)):
                return
            most -= characters

    def _fit(self, line: Sequence[int]) -> bool:
        """Take a line, or be full for good."""
        if len(self.tokens) + len(line) > self.room:
            self.full = True
            self.transcript.refuse()
            return False
        self.transcript.put(line)
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
        self.transcript.put(line)
        if self.window.add(len(line)):
            self._move(self.window.start, due)
        return True

    def _move(self, start: int, due: int) -> None:
        """Note where the window goes, for a line that begins after `due` tokens."""
        if self.on_full == "slide":
            self.shift = Shift(start, due)
        else:
            self.next = Successor(self, start)

    def adopt(self) -> None:
        """Go on as the next window. Whoever calls owns the sequence that was this one's."""
        found = self.next
        assert found is not None
        assert found.seq is not None
        self.transcript.forget(found.start)
        self.seq, self.length = found.seq, found.length
        self.next, self.saved, self.offered = None, 0, 0

    def slide(self) -> None:
        """Go on without the lines ahead of the shift. Whoever calls has moved the cells."""
        assert self.shift is not None
        self.length -= self.outgoing
        self.transcript.forget(self.shift.start)
        self.shift, self.slid, self.saved, self.offered = None, True, 0, 0

    @property
    def outgoing(self) -> int:
        """Tokens behind the prefix that the shift forgets."""
        if self.shift is None:
            return 0
        return self.transcript.until(self.shift.start) - self.transcript.begin

    def take(self, count: int) -> Sequence[int]:
        """The next `count` tokens."""
        return self.tokens[self.length : self.length + count]

    def wants(self, count: int) -> Literal["none"]:
        """Lines are read, not continued: no logits."""
        return "none"
