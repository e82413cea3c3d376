"""Bodies on a socket: each a length of four bytes, then so many bytes."""

import socket
import struct
from collections.abc import Iterator

FRAME_LIMIT = 64 << 20  # bytes of one body
HEADER = struct.Struct("<I")


def pack(body: bytes) -> bytes:
    """The frame that holds a body."""
    return HEADER.pack(len(body)) + body


def read_frames(connection: socket.socket) -> Iterator[bytes]:
    """The bodies that arrive on a blocking socket, until the peer is gone."""
    while header := _exactly(connection, HEADER.size):
        (length,) = HEADER.unpack(header)
        body = _exactly(connection, length) if length <= FRAME_LIMIT else None
        if body is None:
            return
        yield body


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    chunks = bytearray()
    while len(chunks) < count:
        chunk = connection.recv(min(count - len(chunks), 1 << 20))
        if not chunk:
            return None
        chunks += chunk
    return bytes(chunks)
