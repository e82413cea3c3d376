"""The sessions as the front sees them: what the journal holds and what has settled."""

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from sticli import protocol
from sticli.daemon.backlog import Backlog
from sticli.daemon.change import Change
from sticli.daemon.disk.records import Appended, Batch, Drop, SessionRecord
from sticli.daemon.messages import Settled
from sticli.daemon.reading import Reading
from sticli.errors import SticliError

TAIL_BYTES = 1 << 20  # text of newest batches kept in memory for the feeder


class Session:
    """One live session; `change` is announced whenever anything below changes."""

    def __init__(self, record: SessionRecord) -> None:
        self.record = record
        self.lines = record.lines
        self.version = record.version
        self.last_used = record.last_used
        self.state = "waiting"
        self.full = False  # which it stays while the worker sleeps
        self.note = ""
        self.place = ""  # of its cells: device, host, disk or journal; empty: no worker
        self.refusal: SticliError | None = None  # why the worker does not serve it
        self.limit = record.cells or 0
        self.change = Change()
        self.removed = False
        self.tail: deque[Batch] = deque()
        self._tail_bytes = 0
        self.window_from = record.window_from
        self.under_way = 0  # characters at most, where lines may be dropped; 0: they may not
        self.read_lines = record.lines  # that had settled when most had; at first as if all had
        self.reading = Reading(record.lines)
        self.backlog = Backlog(record.window_from)
        self._forget()

    def _forget(self) -> None:
        self.settled_lines = self.window_from  # what the window has passed is settled for good
        self.settled = self.tokens = self.left_out = 0
        self.place = ""

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def uid(self) -> str:
        return self.record.uid

    @property
    def pending(self) -> int:
        """Lines accepted and not settled, but for those that are not to be read."""
        return self.lines - self.settled_lines - self.reading.skipped(self.settled_lines)

    @property
    def pending_tokens(self) -> int:
        """About how many tokens they are; what was dropped is none."""
        return self.backlog.tokens(self.settled_lines)

    @property
    def behind_since(self) -> float | None:
        """When the oldest line came that has never settled; a full session waits for none."""
        return None if self.full else self.backlog.since(max(self.settled_lines, self.read_lines))

    @property
    def behind(self) -> bool:
        """Whether the worker has lines of it to compute."""
        return self.state == "live" and self.pending > 0

    @property
    def askable(self) -> bool:
        asleep = self.state == "asleep" and (self.full or not self.pending)
        return self.state in ("live", "full") or asleep

    def accepted(self, appended: Appended) -> None:
        """The journal has grown."""
        if batch := appended.batch:
            self.lines, self.version, self.last_used = batch.end, batch.version, batch.at
            self.backlog.grow(batch.end, _size(batch), batch.at)
            if self.state in ("opening", "live"):
                self._keep(batch)
            self.change.announce()

    def become(self, state: str, refusal: SticliError | None = None) -> None:
        """Change the state; a session that is no longer in the cache has nothing settled, unless
        it only sleeps: what is known of it is known of all that settled."""
        if state != "asleep":
            self.full = state == "full"
        if state in ("waiting", "opening") or (state == "asleep" and not self.askable):
            self._forget()
        self.state, self.refusal = state, refusal
        if state == "asleep":
            self.place = ""
        if state in ("waiting", "full", "asleep"):
            self.tail.clear()
            self._tail_bytes = 0
        self.change.announce()

    def settle(self, message: Settled) -> None:
        """The worker has computed more, or through another window."""
        if self.tokens and message.window_from == self.window_from:
            self.backlog.learn(self.settled_lines, message.lines, message.tokens - self.tokens)
        self.settled_lines, self.settled = message.lines, message.version
        self.read_lines = max(self.read_lines, message.lines)
        self.backlog.forget(message.window_from)
        self.reading.forget(message.window_from)
        self.tokens, self.window_from = message.tokens, message.window_from
        self.left_out = message.left_out
        self.change.announce()

    def move(self, place: str) -> None:
        """Its cells are elsewhere on the memory ladder."""
        self.place = place
        self.change.announce()

    def pin(self, pinned: bool) -> None:
        self.record = msgspec.structs.replace(self.record, pinned=pinned)

    def recall(self, backlog: Backlog, runs: Sequence[Drop], dropped: int) -> None:
        """Take in what the store knows of the journal: its sizes, and what is not read of it."""
        self.backlog, self.reading = backlog, Reading(self.lines, runs, dropped)
        for run in runs:
            backlog.skip(run.first, run.end)

    def recent(self, first: int) -> list[Batch]:
        """The newest batches from the one that holds line `first` on; empty when not in memory."""
        if not self.tail or first < self.tail[0].first:
            return []
        return [batch for batch in self.tail if batch.end > first]

    def _keep(self, batch: Batch) -> None:
        self.tail.append(batch)
        self._tail_bytes += _size(batch)
        while self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= _size(self.tail.popleft())

    def sent(self, lines: int) -> None:
        """The worker has the first `lines` lines: their batches need no memory any more."""
        while self.tail and self.tail[0].end <= lines:
            self._tail_bytes -= _size(self.tail.popleft())

    def public(self, flash: int) -> protocol.Session:
        return protocol.Session(
            name=self.name,
            state=self.state,
            limit=self.limit,
            tokens=self.tokens,
            lines=self.lines,
            settled_lines=self.settled_lines,
            pending=self.pending,
            version=self.version,
            settled=self.settled,
            window_from=self.window_from + 1,
            flash=flash,
            created=self.record.created,
            last_used=self.last_used,
            system=self.record.system,
            on_full=self.record.on_full,
            left_out=self.left_out,
            dropped=self.reading.dropped,
            pending_tokens=self.pending_tokens,
            behind_since=self.behind_since,
            note=str(self.refusal) if self.refusal else self.note,
            refused=protocol.Problem.of(self.refusal) if self.refusal else None,
            place=self.place,
            pinned=self.record.pinned,
            tenant=self.record.tenant,
            source=self.record.source,
        )


class Sessions:
    """All sessions by name."""

    def __init__(self) -> None:
        self._named: dict[str, Session] = {}
        self.coming = 0  # that are being made

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._named.values()))

    def __len__(self) -> int:
        return len(self._named)

    def add(self, session: Session) -> None:
        self._named[session.name] = session

    def remove(self, session: Session) -> None:
        del self._named[session.name]

    def find(self, name: str) -> Session | None:
        return self._named.get(name)

    def get(self, name: str) -> Session:
        """The session of this name.

        Raises:
            SticliError: there is none.
        """
        session = self._named.get(name)
        if session is None:
            raise SticliError(
                "not_found", f"there is no session {name!r}", "`sticli ps` lists them"
            )
        return session


def _size(batch: Batch) -> int:
    return sum(map(len, batch.texts)) + len(batch.texts)
