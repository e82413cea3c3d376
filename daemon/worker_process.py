"""One worker process: its birth, the frames to and from it, its end."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence

from sticli.daemon.messages import Outbound, Stop
from sticli.daemon.wire import Wire

COMMAND = (sys.executable, "-P", "-m", "sticli.daemon.worker")
ENVIRONMENT = {
    "OMP_WAIT_POLICY": "passive",  # spinning threads lose a hundredfold to any busy neighbour
    "GGML_NO_BACKTRACE": "1",  # an abort must not start a debugger
}
LAST_WORDS = 5  # lines of stderr kept to explain a death
TERMINATE = 2.0  # seconds that a worker may take after SIGTERM

log = logging.getLogger(__name__)


class WorkerProcess:
    """A running worker, and the wire to it."""

    def __init__(self, process: asyncio.subprocess.Process, wire: Wire) -> None:
        self.pid = process.pid
        self.wire = wire
        self._process = process
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def spawn(
        cls, hear: Callable[[Outbound], None], command: Sequence[str] = COMMAND
    ) -> "WorkerProcess":
        """Start the command with one end of a socketpair; it dies when the other end closes.

        `hear` is called with all that it says.
        """
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.enter_context(ours)
            process = await asyncio.create_subprocess_exec(
                *command,
                "--fd",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                env=ENVIRONMENT | os.environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # an interrupt at the terminal is for the front
            )
            undo.pop_all()
        wire = Wire(hear)
        await wire.open(ours)
        return cls(process, wire)

    async def reap(self) -> int:
        """Make sure that it is gone; its exit code, negative for a signal."""
        self.wire.close()
        if not await self._ends(TERMINATE):  # a worker without its front ends by itself
            await self._kill()
        await asyncio.wait([self._listener], timeout=1.0)
        self._listener.cancel()
        return self._process.returncode or 0

    async def stop(self, seconds: float) -> None:
        """Ask it to snapshot and leave, and see to it after so many seconds."""
        self.wire.send(Stop())
        if not await self._ends(seconds):
            log.warning("the worker did not stop within %g s", seconds)
            await self._kill()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def explain(self, code: int) -> str:
        """Why it died, in one line."""
        reason = f"killed by {_signal(-code)}" if code < 0 else f"exit code {code}"
        last = next((line for line in reversed(self._words) if line), "")
        return f"the worker died ({reason}){': ' + last if last else ''}"

    async def _kill(self) -> None:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            if await self._ends(TERMINATE):
                return
        await self._process.wait()

    async def _ends(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def _listen(self) -> None:
        """Pass the worker's stderr on to the log."""
        assert self._process.stderr
        while chunk := await self._process.stderr.read(1 << 16):
            for line in chunk.decode("utf-8", "replace").splitlines():
                if not line.startswith(("INFO ", "DEBUG ")):  # chatter explains no death
                    self._words.append(line.strip()[:300])
                log.info("worker: %s", line.rstrip()[:2000])


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
