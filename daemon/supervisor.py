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
from sticli.daemon.messages import (
    Beat,
    Failed,
    Loading,
    Message,
    Outbound,
    Ready,
    Start,
    Stop,
    Stopped,
)
from sticli.daemon.pulse import PATIENCE, Pulse
from sticli.daemon.worker_process import COMMAND, WorkerProcess
from sticli.errors import SticliError

FIRST_PAUSE, LAST_PAUSE = 0.1, 10.0  # seconds before a restart
KILLED_PAUSE = 1.0  # the longest one after a SIGKILL, which comes from outside
HEALTHY = 60.0  # seconds of life that make a worker healthy
LOOP_DEATHS, LOOP_SECONDS = 5, 60.0
REVIVE_AFTER = 30.0  # seconds after a crash loop before a request may try again
STOP_LIMIT = 30.0  # seconds that snapshots may take at a clean stop

HUNG = f"the worker said nothing for {PATIENCE:g} s while it had work, and was killed"

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who hears what the worker says."""

    def up(self, ready: Ready) -> None: ...
    def heard(self, message: Outbound) -> None: ...
    def changed(self) -> None: ...
    def down(self, *, asleep: bool) -> None: ...
    def busy(self) -> bool: ...


class Supervisor:
    """Keeps one worker alive, or asleep: unloaded until somebody needs it.

    States: starting, ready, backoff, stopped, asleep.
    """

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
        self._pulse: Pulse | None = None  # of a worker that is ready
        self._calm: asyncio.TimerHandle | None = None
        self._deaths: deque[float] = deque(maxlen=LOOP_DEATHS)
        self._pause = FIRST_PAUSE / 2  # doubled at each death
        self._stopped_at = 0.0
        self._stopping = False
        self._revive = asyncio.Event()
        self._wanted = asyncio.Event()  # since it was told to rest
        self._resting = False  # and may be about to leave
        self._wakes = 0
        self._left = False  # it went because it was told to rest
        self._hung = False

    @property
    def pid(self) -> int | None:
        return self._worker.pid if self._worker and not self._left else None

    def send(self, message: Message) -> bool:
        """Queue a message for a ready worker; False when there is none."""
        if self.state != "ready" or not self._worker:
            return False
        self._worker.wire.send(message)
        if self._pulse:
            self._pulse.watch()
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
            if self._left:
                await self._sleep(listener)
                continue
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
        self._wanted.set()
        if self._worker:
            # a worker that is not ready has nothing to save
            await self._worker.stop(STOP_LIMIT if self.state == "ready" else 0.0)

    def rest(self) -> None:
        """Let the worker write its snapshots and leave, once it has nothing to do."""
        if self.state == "ready" and self._worker and not self._resting:
            self._resting = True
            self._wanted.clear()
            self._worker.wire.send(Stop(rest=True))

    def wake(self) -> None:
        """Somebody needs the worker, who has told it so: it stays, or begins again if it had left
        by then, or died too often some time ago."""
        self._hope()
        self._wanted.set()
        if self._resting and self._worker:
            self._wakes += 1
            self._worker.wire.send(Beat(self._wakes))

    async def _sleep(self, listener: Listener) -> None:
        """Nothing that came while it left is forgotten: that wakes it at once."""
        log.info("the worker sleeps" if not self._wanted.is_set() else "the worker is needed")
        listener.changed()
        await self._wanted.wait()

    def _hope(self) -> None:
        """Try again after a crash loop, if it has rested long enough."""
        if self.state == "stopped" and time.monotonic() - self._stopped_at >= REVIVE_AFTER:
            log.info("a request wakes the worker after its crash loop")
            self._become("backoff")
            self._revive.set()

    async def _live(self, listener: Listener) -> bool:
        """One worker's life; whether it was killed from outside."""
        self._revive.clear()
        self.failure = None
        self._resting = self._left = self._hung = False
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
            self._lost(listener)
            code = await worker.reap()
            self._worker = None
        if not (self._stopping or self.failure or self._left):
            self.last_error = HUNG if self._hung else worker.explain(code)
            log.error("%s", self.last_error)
        return ready and code == -signal.SIGKILL and not self._hung

    def _lost(self, listener: Listener) -> None:
        """The worker is gone, or is left to itself."""
        if self._pulse:
            self._pulse.stop()
        if self._calm:
            self._calm.cancel()
        self._pulse = None
        self._become("asleep" if self._left else "backoff")
        listener.down(asleep=self._left)

    def _hear(self, message: Outbound, listener: Listener) -> None:
        if self._pulse:
            self._pulse.heard()
        if isinstance(message, Loading):
            self.loading = protocol.Loading(message.done, message.total, message.what)
            listener.heard(message)
        elif isinstance(message, Ready):
            self.model = message
            self._ready(listener)
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
            self._left = self._resting and isinstance(message, Stopped)
            if isinstance(message, Beat) and message.number == self._wakes:
                self._resting = False
            listener.heard(message)

    def _ready(self, listener: Listener) -> None:
        self._become("ready")
        self._pulse = Pulse(listener.busy, lambda: self.send(Beat()), self._give_in)
        self._calm = asyncio.get_running_loop().call_later(HEALTHY, self._forgive)

    def _forgive(self) -> None:
        """A worker that lives for so long has got over what the last one died of."""
        self.last_error = ""
        self._deaths.clear()
        self._pause = FIRST_PAUSE / 2
        self.change.announce()

    def _give_in(self) -> None:
        """The worker hangs: it cannot even be asked to leave."""
        self._hung = True
        if self._worker:
            self._worker.kill()

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
