"""The front: puts the parts together, serves, and stops cleanly."""

import asyncio
import logging
import socket
import time
from collections.abc import Sequence

from sticli.config import Settings
from sticli.daemon.messages import Start
from sticli.daemon.server import build
from sticli.daemon.service import Service
from sticli.daemon.store import Store
from sticli.daemon.supervisor import Supervisor
from sticli.daemon.web import Web
from sticli.daemon.worker_process import COMMAND
from sticli.paths import Paths

GRACE = 3  # seconds that requests in progress may take at a stop

log = logging.getLogger(__name__)


async def serve(
    paths: Paths,
    settings: Settings,
    listener: socket.socket,
    stopping: asyncio.Event,
    command: Sequence[str] = COMMAND,
) -> None:
    """Serve until the event is set, or a client says stop."""
    started = time.time()
    store = Store(paths.database, settings.durability)
    if store.note:
        log.error("%s", store.note)
    start = Start(settings, str(paths.snapshots), str(paths.key))
    supervisor = Supervisor(start, command)
    service = Service(store, supervisor, settings, stopping.set)
    await service.load()
    web = Web(build(service, paths, started))
    await web.start(listener)
    working = asyncio.create_task(supervisor.run(service.dispatch))
    log.info("serving %d sessions at %s", len(service.sessions), paths.socket)
    await _first_of(stopping, working)
    log.info("stopping")
    await service.close()
    await web.stop(GRACE)
    await supervisor.stop()
    await asyncio.gather(working, return_exceptions=True)
    await store.close()
    log.info("stopped")


async def _first_of(stopping: asyncio.Event, working: "asyncio.Task[None]") -> None:
    """Until told to stop, or what should never end has."""
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait((waiting, working), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done() and (error := working.exception()):
        log.error("the supervisor failed", exc_info=error)
