"""How a session comes to be: empty, or with the journal of another one up to some version."""

import asyncio
import secrets
import time

import msgspec

from sticli import protocol
from sticli.daemon.checks import check_session
from sticli.daemon.disk.records import Moment, SessionRecord
from sticli.daemon.sessions import Session, Sessions
from sticli.daemon.store import Store
from sticli.errors import SticliError


async def create(request: protocol.NewSession, sessions: Sessions, store: Store) -> Session:
    """A new session, durably; it is nowhere held yet, but among those that are coming.

    Raises:
        SticliError: bad_request, not_found, exists, budget_exceeded, storage.
    """
    check_session(request)
    _check_room(sessions)
    if request.source is None:
        record = _empty(request)
        await asyncio.shield(store.create(record))
        return Session(record)
    source = sessions.get(request.source)
    moment = Moment(source.version, source.lines)
    if request.at is not None:
        moment = await store.moment(source.record, request.at)
    record = _forked(request, source, moment)
    await store.fork(record, source.uid, moment.lines)
    return Session(msgspec.structs.replace(record, lines=moment.lines, version=moment.version))


def _check_room(sessions: Sessions) -> None:
    if len(sessions) + sessions.coming > protocol.MAX_SESSIONS:
        raise SticliError(
            "budget_exceeded",
            f"there are {len(sessions)} sessions, which is the limit",
            "remove one with `sticli rm`",
        )


def _empty(request: protocol.NewSession) -> SessionRecord:
    now = time.time()
    return SessionRecord(
        uid=secrets.token_hex(16),
        name=request.name,
        system=request.system,
        cells=request.limit,
        created=now,
        last_used=now,
        on_full=(request.on_full or protocol.OnFull.REBASE).value,
        tenant=request.tenant or "",
    )


def _forked(request: protocol.NewSession, source: Session, moment: Moment) -> SessionRecord:
    """What is not asked for is as in the source.

    The source's window at that moment is not known: lines that the present one still holds were
    in it, so the fork's may begin there as well; else it begins with the journal.
    """
    held = source.record
    whole = msgspec.structs.replace(
        request,
        system=held.system if request.system is None else request.system,
        limit=held.cells if request.limit is None else request.limit,
        on_full=request.on_full or protocol.OnFull(held.on_full),
        tenant=held.tenant if request.tenant is None else request.tenant,
    )
    return msgspec.structs.replace(
        _empty(whole),
        window_from=source.window_from if source.window_from < moment.lines else 0,
        source=f"{source.name}@{moment.version}",
    )
