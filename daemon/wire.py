"""The front's end of the socketpair to a worker: what comes is heard at once, in no other task."""

import asyncio
import socket
from collections.abc import Callable

from sticli.daemon.frames import Frames
from sticli.daemon.messages import Message, Outbound, decode_outbound, frame


class Wire(asyncio.Protocol):
    """Messages to and from a worker; `send` never blocks, `drain` waits until it took enough."""

    def __init__(self, hear: Callable[[Outbound], None]) -> None:
        self._hear = hear
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writable = asyncio.Event()
        self._writable.set()

    async def open(self, plug: socket.socket) -> None:
        """Speak on a connected socket, which is the wire's from now on."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=plug)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.take(data):
                if self._ended.done():
                    return
                self._hear(decode_outbound(body))
        except Exception as error:  # noqa: BLE001  raised by `end`
            self._end(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._writable.set()
        self._end(None)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def send(self, message: Message) -> None:
        """Queue a message; nothing happens when the worker is gone."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(frame(message))

    async def drain(self) -> None:
        """Until the worker has taken most of what was sent, or is gone."""
        await self._writable.wait()

    async def end(self) -> None:
        """Until the worker is gone, or the wire was closed.

        Raises:
            Exception: what it said is not understood, or whoever heard it failed.
        """
        await self._ended

    def close(self) -> None:
        """Hear no more of the worker, which takes this for the end of the front."""
        if self._transport:
            self._transport.close()
        self._end(None)

    def _end(self, error: Exception | None) -> None:
        if self._ended.done():
            return
        if error:
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)
