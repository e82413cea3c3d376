"""One kept-alive HTTP connection to a server that is put to the test."""

import select
import socket
import time
from collections.abc import Iterator

from sticli.bench.adapters.peer import Peer
from sticli.client import GONE, sse
from sticli.errors import SticliError
from sticli.exchange import Exchange, Reply

PATIENCE = 600.0  # seconds without a byte


class Wire:
    """For one thread at a time."""

    def __init__(self, peer: Peer) -> None:
        self.sent = 0.0  # when the last request was, by `time.perf_counter`
        self._peer = peer
        self._plug: socket.socket | None = None
        self._exchange: Exchange | None = None

    def ready(self) -> bool:
        """Be connected, ahead of a question that is timed; whether the connection is an old one.

        Raises:
            SticliError: nobody answers there.
        """
        if self._plug and select.select([self._plug], [], [], 0)[0]:
            self.close()  # the server has closed it
        if self._exchange:
            return True
        try:
            self._plug = _connected(self._peer.address)
        except OSError as error:
            raise self._lost(error) from None
        self._exchange = Exchange(self._plug)
        return False

    def get(self, path: str) -> bytes:
        """The body of what is there.

        Raises:
            SticliError: there is no such thing, or the server is gone.
        """
        try:
            return self._send("GET", path, None).read()
        except OSError as error:
            raise self._lost(error) from None

    def post(self, path: str, body: bytes) -> Iterator[bytes]:
        """The data of each event of the reply, as it comes.

        Raises:
            SticliError: the server refuses, or is gone.
        """
        whole = False
        try:
            for _, data in sse(self._send("POST", path, body).lines()):
                yield data
            whole = True
        except OSError as error:
            raise self._lost(error) from None
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        """Drop the connection; the next request opens a new one."""
        if self._exchange:
            self._exchange.close()
        self._plug = self._exchange = None

    def _send(self, method: str, path: str, body: bytes | None) -> Reply:
        old = self.ready()
        try:
            reply = self._attempt(method, path, body)
        except GONE:
            if not old:
                raise
            self.close()  # it was being closed just then: this request never began
            self.ready()
            reply = self._attempt(method, path, body)
        if reply.status >= 400:
            said = " ".join(reply.read()[:300].decode("utf-8", "replace").split())
            raise SticliError(
                "bad_request",
                f"{self._peer.name} answers {reply.status} to {path}: {said}",
                "see the log of the server",
            )
        return reply

    def _attempt(self, method: str, path: str, body: bytes | None) -> Reply:
        assert self._exchange
        self.sent = time.perf_counter()
        return self._exchange.send(method, self._peer.root + path, body, "*/*")

    def _lost(self, error: OSError) -> SticliError:
        self.close()
        why = "it says nothing any more" if isinstance(error, TimeoutError) else str(error)
        return SticliError(
            "unreachable",
            f"no answer from {self._peer.name} at {self._peer.url}: {why}",
            "`sticli bench peers` says how to start one",
        )


def _connected(address: str | tuple[str, int]) -> socket.socket:
    if isinstance(address, tuple):
        plug = socket.create_connection(address, PATIENCE)
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plug
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        plug.settimeout(PATIENCE)
        plug.connect(address)
    except OSError:
        plug.close()
        raise
    return plug
