"""Who is at the other end of a connection: only the daemon's own user may be."""

import asyncio
import logging
import os
import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)

log = logging.getLogger(__name__)


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process that connected."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(data)[1])


def is_ours(uid: int) -> bool:
    return uid == os.geteuid()


class PrivateProtocol(HttpToolsProtocol):
    """HTTP for the daemon's own user; everybody else is cut off before a byte is read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        uid = _uid(transport)
        if not is_ours(uid):
            log.warning("refused a connection of user %d", uid)
            transport.abort()


def _uid(transport: asyncio.Transport) -> int:
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as plug:
        return peer_uid(plug)
