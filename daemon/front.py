"""The front: puts the parts together, serves, and stops cleanly."""

import asyncio
import logging
import socket
from collections.abc import Sequence

from sticli.config import Settings
from sticli.daemon.http.web import Web
from sticli.daemon.messages import Start
from sticli.daemon.notify import SILENT, Notify
from sticli.daemon.origin import BY_HAND, Origin
from sticli.daemon.server import build
from sticli.daemon.service import Service
from sticli.daemon.store import Store
from sticli.daemon.supervisor import STOP_LIMIT, Supervisor
from sticli.daemon.worker_process import COMMAND
from sticli.paths import Paths

GRACE = 3  # seconds that requests in progress may take at a stop
ENDING = GRACE + STOP_LIMIT + 15  # seconds that a whole stop may take

log = logging.getLogger(__name__)


async def serve(
    paths: Paths,
    settings: Settings,
    listener: socket.socket,
    stopping: asyncio.Event,
    command: Sequence[str] = COMMAND,
    notify: Notify = SILENT,
    origin: Origin = BY_HAND,
) -> None:
    """Serve until the event is set, or a client says stop, or, where the next connection starts
    it again, once nobody has come for long."""
    store = Store(paths.database, settings.durability)
    if store.note:
        log.error("%s", store.note)
    start = Start(settings, str(paths.snapshots), str(paths.key))
    supervisor = Supervisor(start, command)
    service = Service(store, supervisor, settings, stopping.set)
    await service.load()
    web = Web(build(service, paths, origin))
    await web.start(listener)
    if origin.activated:
        service.idle.after(settings.exit_after_s, lambda: _leave(web, service, stopping))
    working = asyncio.create_task(supervisor.run(service.dispatch))
    telling = [
        asyncio.create_task(_tell(notify, supervisor)),
        asyncio.create_task(notify.keep_alive(store.beat)),
    ]
    log.info("serving %d sessions at %s", len(service.sessions), paths.socket)
    await _first_of(stopping, working)
    log.info("stopping")
    for task in telling:
        task.cancel()
    notify.say(STOPPING=1, STATUS="writing snapshots", EXTEND_TIMEOUT_USEC=int(ENDING * 1e6))
    await service.close()
    await web.stop(GRACE)
    await supervisor.stop()
    await asyncio.gather(working, *telling, return_exceptions=True)
    await store.close()
    log.info("stopped")


async def _tell(notify: Notify, supervisor: Supervisor) -> None:
    """Keep the service manager informed, from the moment when the socket answers."""
    notify.say(READY=1)
    while notify:
        notify.say(STATUS=f"worker {supervisor.state}")
        await supervisor.change.wait()


def _leave(web: Web, service: Service, stopping: asyncio.Event) -> None:
    """Stop, unless somebody waits for what comes, or the worker is not through."""
    working = service.supervisor.state == "starting" or service.dispatch.busy()
    if not (web.connected or working):
        log.info("nobody has come for long: the next connection starts the daemon again")
        stopping.set()


async def _first_of(stopping: asyncio.Event, working: "asyncio.Task[None]") -> None:
    """Until told to stop, or what should never end has."""
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait((waiting, working), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done() and (error := working.exception()):
        log.error("the supervisor failed", exc_info=error)
