"""From a session's cells to bytes and back: what is saved, and what is believed when loading."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sticli.daemon.engines.base import Damaged, Engine, Exhausted, Logits, Plan, Row, Seq
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.shelf import Saved
from sticli.daemon.worker.snapshot import Corrupt, Header, Snapshots
from sticli.daemon.worker.usage import Usage

TOP = 8  # logits in a fingerprint
TOLERANCE = 0.1  # logits: rounding differs a little with the shape of a pass
# settings of engines that decide what cells hold, and how; others may change freely
LAYOUT = ("llama-cpp-python", "flash_attention", "device", "cell_bytes", "kv")

log = logging.getLogger(__name__)


class Foreign(Exception):
    """A sound snapshot of something else; the message says of what."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Saves cells and loads them; without `snapshots` the disk takes none."""

    engine: Engine
    model: str  # sha256
    snapshots: Snapshots | None
    usage: Usage
    disk: int = 1 << 62  # bytes that snapshots may fill

    def exists(self, session: str, uid: str) -> bool:
        """Whether there is a snapshot to restore from."""
        return self.snapshots is not None and self.snapshots.exists(session, uid)

    def sweep(self, session: str, keep: str = "") -> None:
        """Forget the snapshots of a name, but for the bearer's with the uid `keep`."""
        if self.snapshots is not None:
            self.snapshots.sweep(session, keep)

    def keep(self, uids: Sequence[str]) -> None:
        """Forget the snapshots of all sessions but these: they were removed meanwhile."""
        if self.snapshots is not None:
            self.snapshots.keep(uids)

    def pack(self, session: Session, seq: Seq, length: int, room: int) -> Saved | None:
        """The first `length` tokens of a session, which `seq` holds; None: they are not to be had.

        What cannot be rewound cannot be verified when it is loaded, so it is not saved; nor is what
        `room` bytes do not hold: on a GPU that may be more than all memory of the host.
        """
        if not length or not self.engine.rewinds or length * self.engine.cell_bytes > room:
            return None
        try:
            top, logits = self._fingerprint(seq, length, session.tokens)
            header = Header(
                model=self.model,
                engine=self.engine.name,
                layout=self._layout(),
                window_from=session.window_from,
                tokens=list(session.tokens[:length]),
                top=top,
                logits=logits,
                slid=session.slid,
            )
            return Saved(header, self.engine.save(seq))
        except Exception:
            log.exception("the cells of %s cannot be saved", session.name)
            return None

    def write(self, session: Session, saved: Saved) -> bool:
        """Write the session's snapshot; whether the disk took it. If not, no harm is done."""
        session.offered = saved.tokens
        if self.snapshots is None or len(saved.payload) > self.disk:
            return False
        try:
            self.snapshots.write(session.name, session.uid, saved.header, saved.payload)
        except OSError as error:
            self.usage.count("snapshots_failed")
            log.warning("no snapshot of %s: %s", session.name, error.strerror)
            return False
        session.saved = saved.tokens
        self.usage.count("snapshots_saved")
        return True

    @property
    def writes(self) -> bool:
        """Whether there are snapshots at all."""
        return self.snapshots is not None and self.engine.rewinds

    @property
    def room(self) -> int:
        """Bytes that snapshots may fill."""
        return self.disk if self.snapshots is not None else 0

    def trim(self, last: Collection[str]) -> None:
        """Forget snapshots, least recently used first, until their budget holds the others;
        those of the uids in `last` only after all others."""
        if self.snapshots is not None:
            self.snapshots.trim(self.disk, last)

    @property
    def disk_bytes(self) -> int:
        return self.snapshots.bytes() if self.snapshots else 0

    def load(self, session: Session, saved: Saved) -> Seq:
        """A sequence with cells that have been in this process's memory all the time.

        Raises:
            Damaged: the engine does not take them.
            Exhausted: as for `Engine.open`.
        """
        return self.engine.load(saved.payload, saved.tokens, session.limit)

    def restore(self, session: Session) -> tuple[Seq, int] | None:
        """A sequence with what the snapshot holds of the session's tokens, and how many they are.

        None where it cannot be believed: it is put aside, and the session's note says so.

        Raises:
            Exhausted: as for `Engine.open`.
        """
        if self.snapshots is None or not self.exists(session.name, session.uid):
            return None
        try:
            header, payload = self.snapshots.read(session.name, session.uid)
            common = self._common(session, header)
            seq = self._load(session, header, payload, common)
        except (Foreign, OSError) as error:
            self.snapshots.remove(session.name, session.uid)
            session.note = f"from the journal; snapshot not used ({error})"
        except (Corrupt, Damaged, RuntimeError) as error:
            self.snapshots.quarantine(session.name, session.uid)
            self.usage.count("snapshots_corrupt")
            session.note = f"snapshot damaged ({error}), moved to corrupt/; from the journal"
        else:
            self.snapshots.touch(session.name, session.uid)
            self.usage.count("snapshots_restored")
            session.saved = session.offered = common if common == len(header.tokens) else 0
            session.slid = header.slid
            again = len(session.tokens) - common + 1
            session.note = f"from snapshot: {common:,} tokens, {again:,} recomputed"
            return seq, common
        finally:
            log.info("session %s: %s", session.name, session.note)
        session.ledger.note(session.note)
        return None

    def _layout(self) -> dict[str, str]:
        return {key: self.engine.detail[key] for key in LAYOUT if key in self.engine.detail}

    def _load(self, session: Session, header: Header, payload: bytes, common: int) -> Seq:
        seq = self.engine.load(payload, len(header.tokens), session.limit)
        try:
            self._verify(seq, header, common)
        except Exhausted as error:  # the state does not reach back so far
            self.engine.drop(seq)
            raise Foreign(str(error)) from None
        except BaseException:
            self.engine.drop(seq)
            raise
        return seq

    def _common(self, session: Session, header: Header) -> int:
        """How many tokens the snapshot and the session begin with alike.

        Raises:
            Foreign: too few, or the snapshot is of another model or engine.
        """
        identity = (header.model, header.engine, header.layout)
        if identity != (self.model, self.engine.name, self._layout()):
            raise Foreign("of another model or engine")
        if header.window_from != session.window_from or len(header.tokens) > session.limit:
            raise Foreign("of another window")
        length = min(len(header.tokens), len(session.tokens))
        saved, wanted = np.array(header.tokens[:length]), np.array(session.tokens[:length])
        differences = np.flatnonzero(saved != wanted)
        common = int(differences[0]) if differences.size else length
        if common < max(1, len(session.frame.prefix)):
            raise Foreign("of other lines")
        return common

    def _verify(self, seq: Seq, header: Header, common: int) -> None:
        """Recompute the last common token; where it is the snapshot's last, compare.

        Raises:
            Corrupt: the cells do not continue as those that were saved.
        """
        self.engine.cut(seq, common - 1)
        token = header.tokens[common - 1 : common]
        logits = self._logits(Row(seq, token, common - 1, "last"))
        if common < len(header.tokens) or not header.top:
            return
        expected = np.array(header.logits, np.float32)
        if not np.allclose(logits[header.top], expected, rtol=0.01, atol=TOLERANCE):
            raise Corrupt("its cells do not continue as saved")

    def _fingerprint(
        self, seq: Seq, length: int, tokens: Sequence[int]
    ) -> tuple[list[int], list[float]]:
        """The likeliest tokens after `length` others, and their logits; none where `seq` was
        loaded from a state that does not reach back by a token."""
        try:
            fork = self.engine.fork(seq, length - 1)
        except Exhausted:
            return [], []
        try:
            logits = self._logits(Row(fork, tokens[length - 1 : length], length - 1, "last"))
        finally:
            self.engine.drop(fork)
        top = np.argsort(logits)[-TOP:]
        return top.tolist(), logits[top].tolist()

    def _logits(self, row: Row) -> Logits:
        (scores,) = self.engine.run(Plan((row,))).scores
        assert scores is not None, "a row that wants its last logits gets them"
        last: Logits = scores.read()[-1]
        return last
