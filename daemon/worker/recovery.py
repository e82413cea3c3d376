"""From a session to its snapshot and back: what is saved, and what is believed when loading."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sticli.daemon.engines.base import Damaged, Engine, Exhausted, Logits, Plan, Row, Seq
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.snapshot import Corrupt, Header, Snapshots
from sticli.daemon.worker.usage import Usage

TOP = 8  # logits in a fingerprint
TOLERANCE = 0.1  # logits: rounding differs a little with the shape of a pass
# settings of engines that decide how cells are laid out; others may change freely
LAYOUT = ("llama-cpp-python", "flash_attention", "cell_bytes", "kv")

log = logging.getLogger(__name__)


class Foreign(Exception):
    """A sound snapshot of something else; the message says of what."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Saves sessions and restores them; without `snapshots` it does neither."""

    engine: Engine
    model: str  # sha256
    snapshots: Snapshots | None
    usage: Usage

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

    def save(self, session: Session) -> None:
        """Write the session's snapshot; a disk that does not take it does no harm."""
        session.saved = session.length
        if self.snapshots is None or not session.length or not self.engine.rewinds:
            return  # what cannot be rewound cannot be verified when it is loaded
        logits = self._last_logits(session.seq, session.length, session.tokens)
        top = np.argsort(logits)[-TOP:]
        header = Header(
            model=self.model,
            engine=self.engine.name,
            layout=self._layout(),
            window_from=session.window_from,
            tokens=list(session.tokens[: session.length]),
            top=top.tolist(),
            logits=logits[top].tolist(),
        )
        payload = self.engine.save(session.seq)
        try:
            self.snapshots.write(session.name, session.uid, header, payload)
            self.usage.count("snapshots_saved")
        except OSError as error:
            self.usage.count("snapshots_failed")
            log.warning("no snapshot of %s: %s", session.name, error.strerror)

    def restore(self, session: Session) -> None:
        """Load what the snapshot holds of the session's tokens; the rest is to be computed.

        Never fails: what cannot be believed is put aside, and the session's note says so.
        """
        session.tokenise(session.limit)
        session.held = False
        if self.snapshots is None:
            return
        try:
            self._load(session, *self.snapshots.read(session.name, session.uid))
        except (Foreign, OSError, Exhausted) as error:
            self.snapshots.remove(session.name, session.uid)
            session.note = f"from the journal; snapshot not used ({error})"
        except (Corrupt, Damaged, RuntimeError) as error:
            self.snapshots.quarantine(session.name, session.uid)
            self.usage.count("snapshots_corrupt")
            session.note = f"snapshot damaged ({error}), moved to corrupt/; from the journal"
        else:
            self.usage.count("snapshots_restored")
            recomputed = len(session.tokens) - session.length + 1
            session.note = f"from snapshot: {session.length:,} tokens, {recomputed:,} recomputed"
        log.info("session %s: %s", session.name, session.note)

    def _layout(self) -> dict[str, str]:
        return {key: self.engine.detail[key] for key in LAYOUT if key in self.engine.detail}

    def _load(self, session: Session, header: Header, payload: bytes) -> None:
        common = self._common(session, header)
        self.engine.drop(session.seq)  # its cells make place for the loaded ones
        loaded = None
        try:
            loaded = self.engine.load(payload, len(header.tokens), session.limit)
            self._verify(loaded, header, common)
        except BaseException:
            if loaded is not None:
                self.engine.drop(loaded)
            session.seq = self.engine.open(session.limit)
            raise
        session.seq, session.length = loaded, common
        session.saved = common if common == len(header.tokens) else 0

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
        if common < len(header.tokens):
            return
        expected = np.array(header.logits, np.float32)
        if not np.allclose(logits[header.top], expected, rtol=0.01, atol=TOLERANCE):
            raise Corrupt("its cells do not continue as saved")

    def _last_logits(self, seq: Seq, length: int, tokens: Sequence[int]) -> Logits:
        """The logits after the last of `length` tokens, leaving `seq` as it is."""
        fork = self.engine.fork(seq, length - 1)
        try:
            return self._logits(Row(fork, tokens[length - 1 : length], length - 1, "last"))
        finally:
            self.engine.drop(fork)

    def _logits(self, row: Row) -> Logits:
        logits = self.engine.run(Plan((row,))).logits[0]
        assert logits is not None, "a row that wants its last logits gets them"
        last: Logits = logits[-1]
        return last
