"""One worker process: its birth, the frames to and from it, its end."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence

from sticli.daemon.frames import FRAME_LIMIT, HEADER
from sticli.daemon.messages import Message, Outbound, Stop, decode_outbound, frame

BUFFER = 1 << 20
COMMAND = (sys.executable, "-P", "-m", "sticli.daemon.worker")
ENVIRONMENT = {
    "OMP_WAIT_POLICY": "passive",  # spinning threads lose a hundredfold to any busy neighbour
    "GGML_NO_BACKTRACE": "1",  # an abort must not start a debugger
}
LAST_WORDS = 5  # lines of stderr kept to explain a death
TERMINATE = 2.0  # seconds that a worker may take after SIGTERM

log = logging.getLogger(__name__)


class WorkerProcess:
    """A running worker; `send` never blocks, `drain` waits until it has taken enough."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._reader = reader
        self._writer = writer
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def spawn(cls, command: Sequence[str] = COMMAND) -> "WorkerProcess":
        """Start the command with one end of a socketpair; it dies when the other end closes."""
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
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=BUFFER)
        return cls(process, reader, writer)

    def send(self, message: Message) -> None:
        """Queue a message; nothing happens when the worker is gone."""
        if not self._writer.is_closing():
            self._writer.write(frame(message))

    async def drain(self) -> None:
        """Until the worker has taken most of what was sent, or is gone."""
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def messages(self) -> AsyncIterator[Outbound]:
        """What the worker says, until it is gone."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = HEADER.unpack(await self._reader.readexactly(HEADER.size))
                if length > FRAME_LIMIT:
                    log.error("the worker sent a frame of %d bytes", length)
                    return
                yield decode_outbound(await self._reader.readexactly(length))

    async def reap(self) -> int:
        """Make sure that it is gone; its exit code, negative for a signal."""
        self._writer.close()
        if not await self._ends(TERMINATE):  # a worker without its front ends by itself
            await self._kill()
        await asyncio.wait([self._listener], timeout=1.0)
        self._listener.cancel()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        return self._process.returncode or 0

    async def stop(self, seconds: float) -> None:
        """Ask it to snapshot and leave, and see to it after so many seconds."""
        self.send(Stop())
        if not await self._ends(seconds):
            log.warning("the worker did not stop within %g s", seconds)
            await self._kill()

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
