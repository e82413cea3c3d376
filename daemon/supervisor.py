"""The worker's life: start, restart with backoff, a guard against crash loops, a clean stop."""

import asyncio
import contextlib
import logging
import signal
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from sticli import protocol
from sticli.daemon.change import Change
from sticli.daemon.messages import Failed, Loading, Message, Outbound, Ready, Start
from sticli.daemon.worker_process import COMMAND, WorkerProcess
from sticli.errors import SticliError

FIRST_PAUSE, LAST_PAUSE = 0.1, 10.0  # seconds before a restart
KILLED_PAUSE = 1.0  # the longest one after a SIGKILL, which comes from outside
HEALTHY = 60.0  # seconds of life that make a worker healthy
LOOP_DEATHS, LOOP_SECONDS = 5, 60.0
REVIVE_AFTER = 30.0  # seconds after a crash loop before a request may try again
STOP_LIMIT = 30.0  # seconds that snapshots may take at a clean stop

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who hears what the worker says."""

    def up(self, ready: Ready) -> None: ...
    def heard(self, message: Outbound) -> None: ...
    def changed(self) -> None: ...
    def down(self) -> None: ...


class Supervisor:
    """Keeps one worker alive. States: starting, ready, backoff, stopped."""

    def __init__(self, start: Start, command: Sequence[str] = COMMAND) -> None:
        self.state = "starting"
        self.restarts = 0
        self.last_error = ""
        self.failure: SticliError | None = None  # why it is stopped
        self.model: Ready | None = None
        self.loading: protocol.Loading | None = None  # how far the model is, before it is ready
        self.change = Change()
        self._start = start
        self._command = command
        self._worker: WorkerProcess | None = None
        self._deaths: deque[float] = deque(maxlen=LOOP_DEATHS)
        self._pause = FIRST_PAUSE / 2  # doubled at each death
        self._stopped_at = 0.0
        self._stopping = False
        self._revive = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._worker.pid if self._worker else None

    def send(self, message: Message) -> bool:
        """Queue a message for a ready worker; False when there is none."""
        if self.state != "ready" or not self._worker:
            return False
        self._worker.wire.send(message)
        return True

    async def drain(self) -> None:
        """Until the worker has taken most of what was sent."""
        if self._worker:
            await self._worker.wire.drain()

    async def run(self, listener: Listener) -> None:
        """Keep a worker alive until `stop`."""
        while not self._stopping:
            born = time.monotonic()
            killed = await self._live(listener)
            if self._stopping:
                return
            self._count(time.monotonic() - born, killed)
            listener.changed()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self.state == "stopped" else self._pause):
                    await self._revive.wait()
            self.restarts += 1

    async def stop(self) -> None:
        """Let the worker snapshot and leave."""
        self._stopping = True
        self._revive.set()
        if self._worker:
            # a worker that is not ready has nothing to save
            await self._worker.stop(STOP_LIMIT if self.state == "ready" else 0.0)

    def revive(self) -> None:
        """Try again after a crash loop, if it has rested long enough."""
        if self.state == "stopped" and time.monotonic() - self._stopped_at >= REVIVE_AFTER:
            log.info("a request wakes the worker after its crash loop")
            self._deaths.clear()
            self._revive.set()

    async def _live(self, listener: Listener) -> bool:
        """One worker's life; whether it was killed from outside."""
        self._revive.clear()
        self.failure = None
        self._become("starting")
        listener.changed()
        try:
            self._worker = worker = await WorkerProcess.spawn(
                lambda message: self._hear(message, listener), self._command
            )
        except OSError as error:
            self.last_error = f"the worker cannot be started: {error}"
            log.error("%s", self.last_error)
            return False
        try:
            log.info("worker %d starts", worker.pid)
            worker.wire.send(self._start)
            if self._stopping:  # told so while this one was born
                worker.wire.close()
            await worker.wire.end()
        except Exception:  # what it says is not understood: another worker may do better
            log.exception("the worker cannot be followed")
        finally:
            ready = self.state == "ready"
            self._become("backoff")
            listener.down()
            code = await worker.reap()
            self._worker = None
        if not self._stopping and not self.failure:
            self.last_error = worker.explain(code)
            log.error("%s", self.last_error)
        return ready and code == -signal.SIGKILL

    def _hear(self, message: Outbound, listener: Listener) -> None:
        if isinstance(message, Loading):
            self.loading = protocol.Loading(message.done, message.total, message.what)
            listener.heard(message)
        elif isinstance(message, Ready):
            self.model = message
            self._become("ready")
            log.info("worker ready: %s, %s, %d cells", message.name, message.engine, message.cells)
            listener.up(message)
            listener.changed()
        elif isinstance(message, Failed) and message.id == 0 and not message.session:
            self.failure = SticliError(
                message.code, message.message, message.hint or "then `sticli daemon restart`"
            )
            if self._worker:
                self._worker.wire.close()
        else:
            listener.heard(message)

    def _count(self, life: float, killed: bool) -> None:
        """What a death means: a pause, or the end of trying."""
        if self.failure:  # the model cannot be loaded: no retry will help
            self._give_up(self.failure)
            return
        now = time.monotonic()
        if life >= HEALTHY:
            self._deaths.clear()
            self._pause = FIRST_PAUSE / 2
        self._pause = min(self._pause * 2, KILLED_PAUSE if killed else LAST_PAUSE)
        if not killed:
            self._deaths.append(now)
        if len(self._deaths) == LOOP_DEATHS and now - self._deaths[0] <= LOOP_SECONDS:
            self._give_up(_crash_loop(self.last_error))

    def _give_up(self, failure: SticliError) -> None:
        self.failure = failure
        self.last_error = str(failure)
        log.error("the worker stays down: %s", failure)
        model = failure.code != "worker_down"
        self._stopped_at = float("inf") if model else time.monotonic()
        self._become("stopped")

    def _become(self, state: str) -> None:
        self.state, self.loading = state, None
        self.change.announce()


def _crash_loop(last: str) -> SticliError:
    return SticliError(
        "worker_down",
        f"the worker died {LOOP_DEATHS} times within {LOOP_SECONDS:g} s; {last}",
        f"see `sticli daemon logs`, then `sticli daemon restart`; a request after"
        f" {REVIVE_AFTER:g} s tries again",
    )
