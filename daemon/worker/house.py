"""Puts a worker together: the engine, what the front needs to know of it, and the loop."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Vocabulary
from sticli.daemon.worker import template
from sticli.daemon.worker.desk import Desk
from sticli.daemon.worker.loading import Loading
from sticli.daemon.worker.loop import Loop, Receive
from sticli.daemon.worker.prefix import SHARE, Prefixes
from sticli.daemon.worker.recovery import Recovery
from sticli.daemon.worker.rendering import Parts
from sticli.daemon.worker.rungs import Rungs
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.snapshot import Snapshots, load_key
from sticli.daemon.worker.usage import Usage

Send = Callable[[messages.Outbound], None]
Now = Callable[[], float]

log = logging.getLogger(__name__)


def build(start: messages.Start, receive: Receive, send: Send, clock: Now) -> Loop:
    """Load the model, tell the front, and return the loop that serves it.

    Raises:
        SticliError: the model cannot be used.
    """
    from sticli.daemon.engines.choose import open_engine  # heavy: only a real worker needs it

    folder = Path(start.snapshots)
    # Kernels that were compiled belong to the caches too.
    os.environ.setdefault("TRITON_CACHE_DIR", str(folder.parent / "triton"))
    engine, vocabulary, ready = open_engine(start.settings, folder.parent, Loading(send, clock))
    parts = template.split(vocabulary)
    snapshots = open_snapshots(folder, Path(start.key))
    loop = assemble(
        engine, vocabulary, parts, start.settings, ready, snapshots, receive, send, clock
    )
    send(msgspec.structs.replace(ready, detail=ready.detail | {"template": parts.kind}))
    return loop


def open_snapshots(folder: Path, key: Path) -> Snapshots | None:
    """The snapshots of this user; None, said in the log, where the disk does not let us."""
    try:
        return Snapshots(folder, load_key(key))
    except OSError as error:
        log.warning("no snapshots: %s", error)
        return None


def assemble(
    engine: Engine,
    vocabulary: Vocabulary,
    parts: Parts,
    settings: Settings,
    ready: messages.Ready,
    snapshots: Snapshots | None,
    receive: Receive,
    send: Send,
    clock: Now,
) -> Loop:
    """A loop over parts that are already open."""
    usage = Usage()
    scheduler = Scheduler(
        settings.step_ms / 1000,
        engine.chunk,
        # where a cut computes again, a wrong guess costs more than a right one saves
        speculate_below=settings.speculate_below if engine.rewinds else 0,
        flash_s=settings.flash_budget_s,
    )
    sessions: dict[str, Session] = {}
    recovery = Recovery(engine, ready.sha256, snapshots, usage, settings.disk_budget_mb << 20)
    host = settings.host_budget_mb << 20
    beginnings = host // SHARE
    prefixes = Prefixes(engine, usage, sessions, beginnings // engine.cell_bytes)
    rungs = Rungs(engine, recovery, prefixes, usage, send, sessions, host - beginnings, time.time)
    desk = Desk(
        engine,
        vocabulary,
        parts,
        settings,
        ready.context,
        scheduler,
        recovery,
        prefixes,
        rungs,
        usage,
        send,
        sessions,
    )
    return Loop(engine, desk, scheduler, usage, receive, send, clock)
