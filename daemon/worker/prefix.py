"""What gives a new sequence its first cells: sessions on the device, and kept instructions.

Only within a tenant, and only copies: it owns no sequence, and no session waits for another.
"""

import logging
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sticli.daemon.engines.base import Engine, Exhausted, Seq, State
from sticli.daemon.worker.radix import Radix, Tokens
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.usage import Usage

# Tokens from which on a copy pays. Measured on 2 idle cores, the opening of the context left out,
# which either way costs: to copy 64 cells takes about 1 ms, to compute them 9 ms with the embedded
# model and 60 ms with one of 24 M parameters; 2,048 cells 17 and 27 ms against 690 and 2,100. To
# join one context instead would copy nothing, but a token decoded there takes twice as long beside
# three neighbours of its size, and beside contexts of their own as long as alone.
WORTH = 32
SHARE = 8  # of the host's budget, the part that beginnings may fill: one in so many

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """The cells that a sequence began with."""

    tokens: int
    source: str  # in words: whose they were


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """The computed instructions of sessions that may be gone."""

    tokens: int
    state: State


class Prefixes:
    """Finds the longest beginning that is computed already; `budget` cells of beginnings are kept
    in the host's memory."""

    def __init__(
        self, engine: Engine, usage: Usage, sessions: Mapping[str, Session], budget: int
    ) -> None:
        self._engine = engine
        self._usage = usage
        self._sessions = sessions
        self._budget = budget
        self._live: Radix[Session] = Radix()
        self._stamps: dict[Session, tuple[int, int]] = {}  # what of a session the tree holds
        self._kept: Radix[_Kept] = Radix()

    def succeed(self, successor: Successor) -> Adopted | None:
        """Give a session's next window a sequence, with the longest beginning that is known.

        Raises:
            Exhausted: the budget does not hold another.
        """
        session = successor.session
        tokens = array("i", session.frame.prefix) + session.tokens[successor.offset :]
        tokens.pop()  # something is left to compute, whose end is that of the window's making
        successor.seq, found = self.begin(session.tenant, tokens, session.limit)
        successor.length = found.tokens if found else 0
        return found

    def known(self, tenant: str, tokens: "array[int]") -> int:
        """How many of `tokens`, from the first on, `begin` would copy."""
        found = self._find(tenant, tokens)
        return found[0][0] if found else 0

    def begin(self, tenant: str, tokens: "array[int]", limit: int) -> tuple[Seq, Adopted | None]:
        """A sequence for `limit` cells that holds as many of `tokens` as pay to be copied.

        Raises:
            Exhausted: the budget does not hold `limit` more cells.
        """
        for length, source in self._find(tenant, tokens):
            seq = self._copied(source, length, limit)
            if seq is None:
                continue
            self._usage.count("tokens_shared", length)
            name = "its instructions" if isinstance(source, _Kept) else f"session {source.name}"
            return seq, Adopted(length, name)
        return self._engine.open(limit), None

    def _find(self, tenant: str, tokens: "array[int]") -> list[tuple[int, "Session | _Kept"]]:
        """What begins as `tokens` do and pays, the longest first; kept ones are the cheaper."""
        if not self._engine.rewinds or len(tokens) < WORTH:
            return []
        key = _key(tenant, tokens)
        own = len(key) - len(tokens)  # numbers that are the name of the tenant
        self._look(tenant)
        found: list[tuple[int, Session | _Kept]] = []
        for tree in (self._kept, self._live):
            best = tree.longest(key)
            if best is not None and best[0] - own >= WORTH:
                found.append((best[0] - own, best[1]))
        return sorted(found, key=lambda item: -item[0])

    def _copied(self, source: "Session | _Kept", length: int, limit: int) -> Seq | None:
        """The copy; None where it is not to be had, which costs time and nothing else."""
        try:
            return self._copy(source, length, limit)
        except Exhausted:
            return None  # a window that does not reach back, too many forks, or no room at all
        except Exception:
            log.exception("%d cells cannot be copied", length)
            return None

    def _copy(self, source: "Session | _Kept", length: int, limit: int) -> Seq:
        if isinstance(source, Session):
            assert source.seq is not None, "only sessions on the device are in the tree"
            return self._engine.branch(source.seq, length, limit)
        self._kept.touch(source)
        seq = self._engine.load(source.state, source.tokens, limit)
        try:
            self._engine.cut(seq, length)
        except BaseException:
            self._engine.drop(seq)
            raise
        return seq

    def _look(self, tenant: str) -> None:
        """Bring the tree up to date with a tenant's sessions: here, so that ingest need not."""
        here = {item for item in self._sessions.values() if item.seq is not None}
        for session in [item for item in self._stamps if item not in here]:
            self._live.remove(session)
            del self._stamps[session]
        for session in here:
            stamp = session.window_from, exact(session)
            if session.tenant == tenant and self._stamps.get(session) != stamp:
                self._stamps[session] = stamp
                self._live.put(_key(tenant, session.tokens[: stamp[1]]), session)

    def keep(self, session: Session, count: int) -> None:
        """Keep a session's instructions where the last `count` tokens have completed them."""
        prefix = session.frame.prefix
        whole = len(prefix)
        if not session.length - count < whole <= session.length or not self._wanted(whole):
            return
        assert session.seq is not None, "it has just been computed"
        key = _key(session.tenant, array("i", prefix))
        known = self._kept.longest(key)
        if known is not None and known[0] == len(key):
            return
        state = self._state(session.seq, whole)
        if state is not None:
            self._kept.put(key, _Kept(whole, state), whole)
            self._kept.evict(self._budget)
            self._usage.count("prefixes_kept")

    def _state(self, seq: Seq, length: int) -> State | None:
        """The saved beginning of a sequence; None where it is not to be had."""
        try:
            fork = self._engine.fork(seq, length)
        except Exhausted:
            return None
        try:
            return self._engine.save(fork)
        except Exception:
            log.exception("the first %d cells cannot be saved", length)
            return None
        finally:
            self._engine.drop(fork)

    def _wanted(self, whole: int) -> bool:
        return WORTH <= whole <= self._budget and self._engine.rewinds


def _key(tenant: str, tokens: "array[int]") -> Tokens:
    """The tokens behind the tenant's name, in numbers that are no tokens, so that no two tenants
    ever meet."""
    name = -1 - np.frombuffer(tenant.encode() + b"\0", np.uint8).astype(np.int32)
    return np.concatenate([name, np.array(tokens, np.int32)])


def exact(session: Session) -> int:
    """Tokens in cells that equal those of a fresh session: after a slide, its instructions only."""
    return min(session.length, len(session.frame.prefix)) if session.slid else session.length
