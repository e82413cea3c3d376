"""Bodies on a socket: each a length of four bytes, then so many bytes."""

import socket
import struct
from collections.abc import Iterator

FRAME_LIMIT = 64 << 20  # bytes of one body
CHUNK = 64 << 10  # bytes that are read at once
HEADER = struct.Struct("<I")


def pack(body: bytes) -> bytes:
    """The frame that holds a body."""
    return HEADER.pack(len(body)) + body


class Frames:
    """Takes in bytes as they arrive, and gives the bodies that are whole."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def take(self, chunk: bytes) -> Iterator[bytes]:
        """The bodies that `chunk` completes.

        Raises:
            ValueError: a body is longer than any may be.
        """
        waiting = self._waiting
        waiting += chunk
        while len(waiting) >= HEADER.size:
            (length,) = HEADER.unpack_from(waiting)
            if length > FRAME_LIMIT:
                raise ValueError(f"a frame of {length} bytes")
            end = HEADER.size + length
            if len(waiting) < end:
                return
            body = bytes(waiting[HEADER.size : end])
            del waiting[:end]
            yield body


def read_frames(connection: socket.socket) -> Iterator[bytes]:
    """The bodies that arrive on a blocking socket, until the peer is gone.

    Raises:
        ValueError: as `Frames.take`.
    """
    frames = Frames()
    while chunk := connection.recv(CHUNK):
        yield from frames.take(chunk)
