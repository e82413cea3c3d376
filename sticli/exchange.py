"""Requests and replies of HTTP/1.1 on a connected socket: as much of it as our daemon speaks.

Instead of http.client, whose import alone takes as long as starting Python.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator

LONGEST = 64 << 10  # bytes of a header line
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


def connect(path: str, timeout: float | None) -> "Exchange":
    """A connection to the daemon at this socket; `timeout` is in seconds.

    Raises:
        PermissionError: somebody else's process listens there; it is told nothing.
        OSError: nobody does.
    """
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        plug.settimeout(timeout)
        plug.connect(path)
        if peer_uid(plug) != os.geteuid():
            raise PermissionError(errno.EPERM, "another user listens there", path)
    except OSError:
        plug.close()
        raise
    return Exchange(plug)


def peer_uid(plug: socket.socket) -> int:
    """The user id of the process at the other end."""
    data = plug.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(data)[1])


class Exchange:
    """One request after another on one connection; the body of each reply must be read."""

    def __init__(self, plug: socket.socket) -> None:
        self._plug = plug
        self._file = plug.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._plug.close()

    def abandon(self) -> None:
        """End the connection under whoever reads from it: safe from another thread."""
        try:
            self._plug.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended already

    def send(self, method: str, path: str, body: bytes | None, accept: str) -> "Reply":
        """Send a request and read the head of the reply.

        Raises:
            ConnectionError: the daemon is gone, or speaks no HTTP.
        """
        head = f"{method} {path} HTTP/1.1\r\nHost: sticli\r\nAccept: {accept}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._plug.sendall(head.encode() + b"\r\n" + (body or b""))
        return self._head()

    def _head(self) -> "Reply":
        words = self._line().split(b" ", 2)
        if not words[0].startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():
            raise ConnectionError("no HTTP")
        fields = {}
        while line := self._line():
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        return Reply(int(words[1]), fields, self)

    def _line(self) -> bytes:
        line = self._file.readline(LONGEST)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("closed inside a reply")
        return line.rstrip(b"\r\n")

    def exactly(self, count: int) -> bytes:
        """That many bytes.

        Raises:
            ConnectionError: the daemon is gone.
        """
        data = self._file.read(count)
        if len(data) < count:
            raise ConnectionResetError("closed inside a reply")
        return data

    def chunk(self) -> bytes:
        """The next chunk of a chunked body; empty at its end.

        Raises:
            ConnectionError: the daemon is gone.
        """
        size = _number(self._line().partition(b";")[0], 16)
        data = self.exactly(size)
        self._line()
        return data

    def rest(self) -> bytes:
        """What is there of a body that ends with the connection; empty at its end."""
        return self._file.read1(LONGEST)


class Reply:
    """Status and headers (names in lower case); the body is read once, whole or in lines."""

    def __init__(self, status: int, fields: dict[bytes, bytes], exchange: Exchange) -> None:
        self.status = status
        self._fields = fields
        self._exchange = exchange

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self._pieces())

    def lines(self) -> Iterator[bytes]:
        """Lines as they come, without their end."""
        rest = b""
        for piece in self._pieces():
            *whole, rest = (rest + piece).split(b"\n")
            yield from (line.removesuffix(b"\r") for line in whole)
        if rest:
            yield rest

    def _pieces(self) -> Iterator[bytes]:
        if self._fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            yield from iter(self._exchange.chunk, b"")
        elif (length := self._fields.get(b"content-length")) is not None:
            yield self._exchange.exactly(_number(length, 10))
        elif self.status != 204:
            yield from iter(self._exchange.rest, b"")


def _number(text: bytes, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise ConnectionError("no HTTP") from None
