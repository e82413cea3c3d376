"""A session's account of its tokens, for `explain`: counts, moves, and why, in sentences."""

from collections.abc import Iterator

from sticli.account import Account
from sticli.daemon.engines.base import Engine
from sticli.daemon.worker.prefix import WORTH
from sticli.daemon.worker.residents import reserved
from sticli.daemon.worker.sessions import Session


def account(session: Session, engine: Engine, ready: int) -> Account:
    """Where a session's tokens are; `ready` cells hold prepared decisions."""
    ledger = session.ledger
    return Account(
        session=session.name,
        place=session.place,
        pinned=session.pinned,
        tenant=session.tenant,
        limit=session.limit,
        tokens=len(session.tokens),
        cached=_cached(session),
        reserved=reserved(session) if session.place == "device" else 0,
        promised=session.promised,
        ready=ready,
        computed=ledger.computed,
        restored=ledger.restored,
        shared=ledger.shared,
        shared_from=ledger.shared_from,
        rebases=ledger.rebases,
        drafted=ledger.drafted,
        accepted=ledger.accepted,
        moves=list(ledger.moves),
        notes=list(_notes(session, engine)),
    )


def _cached(session: Session) -> int:
    """Tokens in cells, wherever those are."""
    if session.replay is not None:
        return session.replay.length
    if session.seq is not None:
        return session.length
    return session.ledger.moves[-1].tokens if session.ledger.moves else 0


def _notes(session: Session, engine: Engine) -> Iterator[str]:
    """What the numbers and the moves do not say."""
    if not session.ledger.moves and not session.held:
        yield "it has had nothing to compute yet"
    if session.held:
        yield "waiting for its journal"
    if session.replay is not None:
        yield f"{session.replay.length:,} of {session.length:,} tokens computed anew"
    if session.pinned:
        yield "pinned: the last to leave the device"
    if session.slid:
        yield "slid: its cells are near those of a fresh session, not equal to them"
    yield _sharing(session, engine)
    if not engine.rewinds:
        yield "this model's state cannot be rewound: it is not saved, but computed anew"
    yield from session.ledger.notes


def _sharing(session: Session, engine: Engine) -> str:
    if session.ledger.shared:
        how = "shared" if engine.shares else "copied: one context for all would slow each session"
        return f"the cells that came from {session.ledger.shared_from} are {how}"
    if not engine.rewinds:
        return "not shared: this model's state cannot be cut to a common beginning"
    if engine.shares:
        return "not shared: no session of its tenant began with the same tokens"
    return (
        f"not shared: no session of its tenant began with the same {WORTH} tokens or more when it "
        f"came; {engine.name} copies them, for one context for all would slow each session"
    )
