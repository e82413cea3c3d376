"""Who is at the other end of a connection: only the daemon's own user may be."""

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from sticli.exchange import peer_uid

T = TypeVar("T")

MAX_HEAD = 64 << 10  # bytes of a request ahead of its body, beside what comes with the first

log = logging.getLogger(__name__)


def is_ours(uid: int) -> bool:
    return uid == os.geteuid()


class Joined:
    """A transport that holds back what is written until more is, or the loop comes round.

    So head and body of a reply go out as one, and wake its reader once.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._transport.is_closing():  # nobody reads it, and uvloop would raise
            self._held = b""
        elif self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._held = data
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        if self._held:
            self.write(b"")

    def close(self) -> None:
        self._flush()
        self._transport.close()


class PrivateProtocol(HttpToolsProtocol):
    """HTTP for the daemon's own user; everybody else is cut off before a byte is read.

    A request finds it in its scope: it knows when the client has left.
    """

    def __init__(self, config: Config, state: ServerState) -> None:
        super().__init__(config, state, {"connection": self})
        self._left = False
        self._head: int | None = None  # bytes of one that is not complete
        self._work: asyncio.Task[Any] | None = None  # of no use to a client that has left

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = Joined(transport)  # type: ignore[assignment]
        uid = _uid(transport)
        if not is_ours(uid):
            log.warning("refused a connection of user %d", uid)
            transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        begun = self._head is not None
        super().data_received(data)
        if begun and self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response(f"The request's head has more than {MAX_HEAD} bytes.")

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._left = True
        if self._work:
            self._work.cancel()

    async def unless_gone(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of the work; None when the client left first, and the work was cancelled."""
        if self._left:
            work.close()
            return None
        task = self._work = asyncio.current_task()
        try:
            return await work
        except asyncio.CancelledError:
            if not self._left or not task:
                raise
            task.uncancel()
            return None
        finally:
            self._work = None


def unless_gone(scope: Scope, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T | None]:
    """As `PrivateProtocol.unless_gone`, of the connection that a request came by."""
    connection: PrivateProtocol = scope["state"]["connection"]
    return connection.unless_gone(work)


def _uid(transport: asyncio.Transport) -> int:
    plug = socket.socket(fileno=transport.get_extra_info("socket").fileno())
    try:
        return peer_uid(plug)
    finally:
        plug.detach()  # it is the transport's
