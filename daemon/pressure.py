"""What is done when lines come faster than the model reads them, where lines may be dropped."""

import asyncio
import logging

from sticli.daemon.backlog import measure
from sticli.daemon.events import Bus
from sticli.daemon.sessions import Session
from sticli.daemon.store import Store
from sticli.errors import SticliError

RECENT = 16 << 10  # characters under way: they cannot be dropped any more, and grow old there
SHARE = 1 / 4  # of the limit that may be under way
SLACK = 1 / 8  # of the limit: so far below it is dropped, for few large gaps, not many small ones
RETRY = 1.0  # seconds until a store that cannot write is tried again

log = logging.getLogger(__name__)


def relieve(session: Session, limit: int, store: Store) -> int:
    """Drop the oldest lines that the worker has not got, when more than `limit` tokens pend.

    What the worker had read before a restart does not pend: it only reads it once more. The
    newest line is always kept, so every version comes to settle. Returns the lines dropped.
    """
    backlog, reading = session.backlog, session.reading
    session.under_way = max(1, min(RECENT, int(limit * SHARE / backlog.ratio)))
    excess = backlog.tokens(session.read_lines) - limit
    first = reading.next
    if excess <= 0 or first >= session.lines - 1:
        return 0
    wanted = backlog.characters(first) + int((excess + limit * SLACK) / backlog.ratio)
    end = min(max(backlog.line(wanted), first + 1), session.lines - 1)
    backlog.skip(first, end)
    run = reading.drop(end)
    store.keep_drops(session.uid, [run]).add_done_callback(_logged)
    return end - first


async def seal(session: Session, end: int, store: Store, bus: Bus) -> None:
    """Until what is read of the lines before `end` is in the store, and hence for ever so.

    Nothing is read before: a replay after a crash must find the same.
    """
    while runs := session.reading.claim(end):
        try:
            await store.keep_drops(session.uid, runs)
        except SticliError as error:
            log.error("session %s waits to drop lines: %s", session.name, error)
            await asyncio.sleep(RETRY)
        else:
            session.reading.saved(runs)
            for run in runs:
                data = {"first": run.first + 1, "count": run.count}
                bus.publish("dropped", session.name, data)


async def recall(session: Session, store: Store) -> None:
    """Bring back what the store knows of a session's journal."""
    runs, dropped = await store.drops(session.uid, session.window_from)
    sizes = await store.sizes(session.uid, session.window_from)
    backlog = await asyncio.to_thread(measure, session.window_from, sizes)  # of 100,000 batches?
    session.recall(backlog, runs, dropped)


def _logged(write: "asyncio.Future[None]") -> None:
    """The run is stored again before anything of it is read: a failure does no harm."""
    if not write.cancelled() and write.exception():
        log.warning("dropped lines are not stored yet: %s", write.exception())
