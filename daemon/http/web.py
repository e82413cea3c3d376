"""Serves the application on our socket with uvicorn's protocol, but without uvicorn's server:
that one polls ten times a second, handles signals itself and makes sockets world-writable.
"""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from sticli.daemon.http.peer import PrivateProtocol

KEEP_ALIVE = 300  # seconds that an idle connection may stay
LAST_MOMENT = 1.0  # seconds that cancelled requests may take to clean up


class Web:
    """The HTTP side of the daemon."""

    def __init__(self, app: ASGIApp) -> None:
        self._config = uvicorn.Config(
            app,
            http=PrivateProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    @property
    def connected(self) -> bool:
        """Whether anybody is at the other end of a connection."""
        return bool(self._state.connections)

    async def start(self, listener: socket.socket) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, sock=listener)

    async def stop(self, seconds: float) -> None:
        """Accept no more, let the requests in progress end, then end them."""
        if self._server:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        late = await _wait(self._state.tasks, seconds)
        for task in late:
            task.cancel()
        await _wait(late, LAST_MOMENT)
        for connection in list(self._state.connections):
            connection.transport.close()

    def _connection(self) -> asyncio.Protocol:
        return PrivateProtocol(self._config, self._state)


async def _wait(tasks: set["asyncio.Task[None]"], seconds: float) -> set["asyncio.Task[None]"]:
    """The tasks that are not done in time."""
    return (await asyncio.wait(tasks, timeout=seconds))[1] if tasks else set()
