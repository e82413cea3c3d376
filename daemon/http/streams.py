"""Replies that come in pieces."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from sticli.daemon.http.peer import unless_gone
from sticli.protocol import Event

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"

_encoder = msgspec.json.Encoder()


class Stream:
    """A reply whose chunks are made as they are sent; closed as soon as the reader leaves."""

    def __init__(self, chunks: AsyncGenerator[bytes], media: str) -> None:
        self._chunks = chunks
        self._media = media

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", self._media.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await unless_gone(scope, self._send(send))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async with contextlib.aclosing(self._chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})


def sse(kind: str, data: object, key: int | None = None) -> bytes:
    """One server-sent event."""
    head = b"" if key is None else b"id: %d\n" % key
    return b"%sevent: %s\ndata: %s\n\n" % (head, kind.encode(), _encoder.encode(data))


def sse_events(events: list[Event], since: int | None) -> bytes:
    """Events as they are sent to a reader that asked for those after `since`."""
    return b"".join(sse(event.type, event, _key(event, since)) for event in events)


def _key(event: Event, since: int | None) -> int | None:
    """Where a reader goes on that heard no more than this.

    What tells of the stream itself bears the newest id of all, which others may come before.
    """
    if event.type == "stale":
        return None
    if event.type == "connected" and since is not None:
        return min(event.id, since)
    return event.id


def ndjson(items: list[Any]) -> bytes:
    return _encoder.encode_lines(items)
