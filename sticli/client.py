"""Speaks the daemon's API over its Unix socket: one kept-alive connection, blocking, typed.

It neither starts a daemon (launch.py) nor prints anything.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from sticli import protocol
from sticli.errors import SticliError
from sticli.exchange import Exchange, Reply, connect

T = TypeVar("T")
GONE = (BrokenPipeError, ConnectionResetError)
_encoder = msgspec.json.Encoder()


class Client:
    """A connection to one daemon. Not for two threads at once; `timeout` is in seconds."""

    def __init__(self, path: Path, timeout: float | None = 60.0) -> None:
        self.path = path
        self.timeout = timeout
        self._connection: Exchange | None = None

    def close(self) -> None:
        """Drop the connection; the next call opens a new one."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def abandon(self) -> None:
        """Have a thread that waits for a reply find that the daemon is gone."""
        if self._connection:
            self._connection.abandon()

    def again(self) -> "Client":
        """A second connection to the same daemon, without a time limit: for streams."""
        return Client(self.path, None)

    def call(self, method: str, path: str, body: object, reply: type[T]) -> T:
        """One request and its whole reply.

        Raises:
            SticliError: what the daemon answered, or `unreachable`, or `timeout`.
        """
        data = self.raw(method, path, None if body is None else _encoded(body))
        return _decode(data, reply)

    def raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of the reply to one request.

        Raises:
            SticliError: as `call`.
        """
        try:
            return self._request(method, path, body, "*/*").read()
        except OSError as error:
            raise self._lost(error) from error

    def stream(
        self, method: str, path: str, body: object, accept: str, *, keep: bool = False
    ) -> Iterator[bytes]:
        """The lines of a reply, without their newline, as they come.

        The connection ends with it; with `keep` it goes on where the reply was read to its end.

        Raises:
            SticliError: as `call`; `unreachable` too when the daemon goes away in the middle.
        """
        data = None if body is None else _encoded(body)
        whole = False
        try:
            yield from self._request(method, path, data, accept).lines()
            whole = True
        except OSError as error:
            raise self._lost(error) from error
        finally:
            if not (keep and whole):
                self.close()

    def version(self) -> protocol.Version:
        return self.call("GET", "/v1/version", None, protocol.Version)

    def status(self) -> protocol.Status:
        return self.call("GET", "/v1/status", None, protocol.Status)

    def stop(self) -> None:
        self.raw("POST", "/v1/stop")

    def sessions(self) -> list[protocol.Session]:
        return self.call("GET", "/v1/sessions", None, list[protocol.Session])

    def new(self, request: protocol.NewSession) -> protocol.Session:
        return self.call("POST", "/v1/sessions", request, protocol.Session)

    def session(self, name: str) -> protocol.Session:
        return self.call("GET", at(name), None, protocol.Session)

    def remove(self, name: str) -> None:
        self.raw("DELETE", at(name))

    def fork(self, name: str, request: protocol.Fork) -> protocol.Session:
        return self.call("POST", at(name, "fork"), request, protocol.Session)

    def pin(self, name: str, pinned: bool) -> None:
        self.raw("PUT", at(name, "pin"), _encoded(protocol.Pin(pinned)))

    def explain(self, name: str) -> protocol.Account:
        return self.call("GET", at(name, "explain"), None, protocol.Account)

    def append(self, name: str, batch: protocol.Append) -> protocol.Accepted:
        return self.call("POST", at(name, "lines"), batch, protocol.Accepted)

    def register(self, name: str, producer: str, feed: protocol.NewFeed) -> protocol.Feed:
        return self.call("PUT", at(name, "feeds", producer), feed, protocol.Feed)

    def feeds(self, name: str) -> list[protocol.Feed]:
        return self.call("GET", at(name, "feeds"), None, list[protocol.Feed])

    def ask(self, name: str, request: protocol.Ask) -> protocol.Answer:
        return self.call("POST", at(name, "ask"), request, protocol.Answer)

    def ask_stream(self, name: str, request: protocol.Ask) -> Iterator[tuple[str, bytes]]:
        """Events of a streamed ask: (`piece` | `progress` | `answer` | `error`, JSON)."""
        found = self.stream("POST", at(name, "ask"), request, "text/event-stream", keep=True)
        return sse(found)

    def flashes(self, name: str) -> list[protocol.Flash]:
        return self.call("GET", at(name, "flash"), None, list[protocol.Flash])

    def flash(self, name: str, key: str) -> protocol.Flash:
        return self.call("GET", at(name, "flash", key), None, protocol.Flash)

    def add_flash(self, name: str, request: protocol.NewFlash) -> protocol.Flash:
        return self.call("POST", at(name, "flash"), request, protocol.Flash)

    def remove_flash(self, name: str, key: str) -> None:
        self.raw("DELETE", at(name, "flash", key))

    def events(self, **query: object) -> Generator[protocol.Event]:
        """Events from now on, or after the id `since`; `session` and `type` choose."""
        path = f"/v1/events{_query(query)}"
        for line in self.stream("GET", path, None, "application/x-ndjson"):
            if line:
                yield _decode(line, protocol.Event)

    def lines(self, name: str, **query: object) -> Iterator[protocol.Line]:
        """Lines of the journal; `from` (a number, from 1), `limit` and `follow` choose."""
        path = at(name, "lines") + _query(query)
        for line in self.stream("GET", path, None, "application/x-ndjson", keep=True):
            if line:
                yield _decode(line, protocol.Line)

    def _request(self, method: str, path: str, body: bytes | None, accept: str) -> Reply:
        """A successful reply, its body still to be read."""
        reused = self._connection is not None
        try:
            reply = self._connect().send(method, path, body, accept)
        except GONE:
            if not reused:
                raise
            self.close()  # the daemon had closed an idle connection: this request never began
            reply = self._connect().send(method, path, body, accept)
        if reply.status >= 400:
            raise _refusal(reply.status, reply.read())
        return reply

    def _connect(self) -> Exchange:
        if not self._connection:
            self._connection = connect(str(self.path), self.timeout)
        return self._connection

    def _lost(self, error: Exception) -> SticliError:
        self.close()
        if isinstance(error, TimeoutError):
            return SticliError(
                "timeout",
                f"the daemon gave no answer within {self.timeout:g} s",
                "see `sticli daemon status` and `sticli daemon logs`",
            )
        if isinstance(error, PermissionError):
            return SticliError(
                "permission", f"no access to {self.path}", "run as the user who owns it"
            )
        return SticliError(
            "unreachable",
            f"no daemon answers at {self.path}",
            "start it with `sticli daemon start`",
        )


def _encoded(body: object) -> bytes:
    try:
        return _encoder.encode(body)
    except UnicodeEncodeError as error:
        raise SticliError(
            "bad_request", f"text that is no UTF-8: {error.object!r}", "give it in UTF-8"
        ) from None


def at(*parts: str) -> str:
    """The path of something under /v1/sessions."""
    return "/v1/sessions/" + "/".join(quote(part, safe="", errors="replace") for part in parts)


def sse(lines: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    """(event, data) of each server-sent event; comments and ids are skipped."""
    kind, data = "message", []
    for line in lines:
        if line.startswith(b"event:"):
            kind = line[6:].strip().decode("utf-8", "replace")
        elif line.startswith(b"data:"):
            data.append(line[5:].strip())
        elif not line and data:
            yield kind, b"\n".join(data)
            kind, data = "message", []


def problem(data: bytes) -> SticliError | None:
    """The error in a body `{"error": {...}}`; None when it holds none."""
    try:
        found = msgspec.json.decode(data, type=protocol.Failure).error
    except msgspec.DecodeError:
        return None
    return SticliError(found.code, found.message, found.hint)


def _refusal(status: int, data: bytes) -> SticliError:
    text = data[:200].decode("utf-8", "replace")
    return problem(data) or SticliError(
        "internal", f"the daemon answered {status}: {text}", "see `sticli daemon logs`"
    )


def _query(parameters: dict[str, object]) -> str:
    chosen = {key.rstrip("_"): str(value) for key, value in parameters.items() if value is not None}
    return f"?{urlencode(chosen, errors='replace')}" if chosen else ""


def _decode(data: bytes, reply: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=reply)
    except msgspec.DecodeError as error:
        raise SticliError(
            "version_mismatch", f"the daemon's reply is not understood: {error}", RESTART
        ) from None


RESTART = "bring it to this version with `sticli daemon restart`"
