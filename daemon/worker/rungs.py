"""The rungs of the memory ladder: device, host RAM, disk, journal; moves one session at a time.

Who moves, and when, is decided elsewhere.
"""

import logging
from collections.abc import Callable, Mapping

from sticli.account import Move
from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Exhausted, Seq
from sticli.daemon.worker.prefix import WORTH, Prefixes
from sticli.daemon.worker.recovery import Recovery
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.sessions import Place, Session
from sticli.daemon.worker.shelf import Saved, Shelf
from sticli.daemon.worker.usage import Usage

log = logging.getLogger(__name__)


class Rungs:
    """Takes cells off the device and brings them back; every move is told and counted."""

    def __init__(
        self,
        engine: Engine,
        recovery: Recovery,
        prefixes: Prefixes,
        usage: Usage,
        send: Callable[[messages.Outbound], None],
        sessions: Mapping[str, Session],
        host: int,
        wall: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._recovery = recovery
        self._prefixes = prefixes
        self._usage = usage
        self._send = send
        self._sessions = sessions
        self._shelf = Shelf(host)
        self._wall = wall

    def leave(self, session: Session, reason: str) -> None:
        """Take a session off the device, to the highest rung that has room for it."""
        replay = session.replay
        seq, length = (replay.seq, replay.length) if replay else (session.seq, session.length)
        assert seq is not None, "only what is on the device can leave it"
        room = max(self._shelf.budget, self._recovery.room)
        saved = self._recovery.pack(session, seq, length, room)
        self._drop(session)
        if saved is None:
            self._tell(session, "journal", 0, reason)
        elif self._shelve(session, saved):
            self._tell(session, "host", saved.tokens, reason)
        else:
            self._sink(session, saved, reason)

    def lodges(self, session: Session) -> bool:
        """Whether there is a place below the device for the cells of a session."""
        room = max(self._shelf.budget, self._recovery.room)
        return session.length * self._engine.cell_bytes <= room

    def _drop(self, session: Session) -> None:
        """Give back every cell of a session, those of its next window too."""
        if session.next is not None and session.next.seq is not None:
            self._engine.drop(session.next.seq)
            session.next.seq, session.next.length = None, 0
        if session.replay is not None:
            self._engine.drop(session.replay.seq)
        elif session.seq is not None:
            self._engine.drop(session.seq)
        session.seq = session.replay = None
        session.leaving = False

    def _shelve(self, session: Session, saved: Saved) -> bool:
        """Hold cells in host RAM; what was not used for longest makes room."""
        if len(saved.payload) > self._shelf.budget:
            return False
        while not self._shelf.fits(saved):
            oldest = self._shelf.oldest()
            assert oldest is not None, "an empty shelf takes what its budget takes"
            lower = self._shelf.get(oldest)
            assert lower is not None, "it is the oldest of those that are held"
            self._shelf.drop(oldest)
            self._sink(oldest, lower, f"session {session.name} needed its place in host RAM")
        self._shelf.put(session, saved)
        return True

    def _sink(self, session: Session, saved: Saved, reason: str) -> None:
        """Move cells to disk, unless they are there already, or give them up."""
        if self._write(session, saved):
            self._tell(session, "disk", saved.tokens, reason)
        else:
            self._tell(session, "journal", 0, f"{reason}; the disk does not hold it")

    def _write(self, session: Session, saved: Saved) -> bool:
        """Whether the disk holds the cells now."""
        if session.saved != saved.tokens or not self._on_disk(session):
            if not self._recovery.write(session, saved):
                return False
            self._trim()
            self._gauge()
        return self._on_disk(session)

    def _trim(self) -> None:
        """Keep the disk's budget; sessions whose cells it costs are told."""
        last = {session.uid for session in self._sessions.values() if session.pinned}
        self._recovery.trim(last)
        for session in self._sessions.values():
            if session.place == "disk" and not self._on_disk(session):
                self._tell(session, "journal", 0, "its snapshot made room for others on disk")

    def _on_disk(self, session: Session) -> bool:
        return self._recovery.exists(session.name, session.uid)

    def enter(self, session: Session) -> None:
        """Bring a session to the device, with as many of its cells as can be had.

        Raises:
            Exhausted: the engine has no room; nothing has changed.
        """
        seq, length, how = self._host(session) or self._disk(session) or self._anew(session)
        if length < session.length:
            session.replay = Replay(session, seq, length)
        else:
            session.seq, session.length = seq, length
        missing = max(session.length, len(session.tokens)) - length
        self._tell(session, "device", length, f"{how}; to compute: {missing:,}")

    def _host(self, session: Session) -> tuple[Seq, int, str] | None:
        saved = self._shelf.get(session)
        if saved is None:
            return None
        try:
            seq = self._recovery.load(session, saved)
        except Exhausted:
            raise
        except Exception as error:
            log.exception("the cells of %s in host RAM cannot be loaded", session.name)
            session.ledger.note(f"its cells in host RAM could not be loaded: {error}")
            self._shelf.drop(session)
            return None
        self._shelf.drop(session)
        session.ledger.restored += saved.tokens
        return seq, saved.tokens, f"{saved.tokens:,} tokens from host RAM"

    def _disk(self, session: Session) -> tuple[Seq, int, str] | None:
        found = self._recovery.restore(session)
        if found is None:
            return None
        seq, length = found
        if self._prefixes.known(session.tenant, session.tokens) >= length + WORTH:
            self._engine.drop(seq)  # another session holds more
            return None
        session.ledger.restored += length
        return seq, length, f"{length:,} tokens from disk"

    def _anew(self, session: Session) -> tuple[Seq, int, str]:
        tokens = session.tokens[: session.fillable]
        seq, adopted = self._prefixes.begin(session.tenant, tokens, session.limit)
        if session.on_full == "slide" and session.window_from:
            session.slid = False
            session.ledger.note("computed anew, which is exact; its cells had slid before")
        if adopted is None:
            return seq, 0, "empty"
        how = f"{adopted.tokens:,} tokens copied from {adopted.source}"
        session.ledger.shared += adopted.tokens
        session.ledger.shared_from = adopted.source
        if session.journal and not session.restored:
            session.note = f"{how}; from the journal"
        return seq, adopted.tokens, how

    def unsaved(self, session: Session) -> bool:
        """Whether cells of a session are nowhere but in memory."""
        if session.seq is not None:
            return session.offered != session.length
        saved = self._shelf.get(session)
        return saved is not None and saved.tokens != session.offered

    def save(self, session: Session) -> None:
        """Write the snapshot of a session, wherever its cells are."""
        saved = self._shelf.get(session)
        if saved is None and session.seq is not None and self._recovery.writes:
            room = self._recovery.room
            saved = self._recovery.pack(session, session.seq, session.length, room)
        if saved is None:
            session.offered = session.length
        else:
            self._write(session, saved)  # a disk that takes none is not tried again and again

    def forget(self, session: Session) -> None:
        """Give up every cell of a session but its snapshot."""
        self._drop(session)
        self._shelf.drop(session)
        self._gauge()

    def _tell(self, session: Session, place: Place, tokens: int, reason: str) -> None:
        session.place = place
        session.ledger.moves.append(Move(self._wall(), place, tokens, reason))
        self._usage.count(f"moves_{place}")
        self._usage.counters["host_bytes"] = float(self._shelf.bytes)
        self._send(messages.Moved(session.name, place, tokens, reason))

    def _gauge(self) -> None:
        """Measure what is held below the device; a look at the disk, so not at every move."""
        self._usage.counters["host_bytes"] = float(self._shelf.bytes)
        self._usage.counters["disk_bytes"] = float(self._recovery.disk_bytes)
        self._usage.changed = True
