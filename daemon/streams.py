"""Replies that come in pieces, and the watch for a reader who leaves."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

import msgspec
from starlette.types import Receive, Scope, Send

from sticli.protocol import Event

T = TypeVar("T")
SSE = "text/event-stream"
NDJSON = "application/x-ndjson"

_encoder = msgspec.json.Encoder()


class Stream:
    """A reply whose chunks are made as they are sent; closed as soon as the reader leaves."""

    def __init__(self, chunks: AsyncGenerator[bytes], media: str) -> None:
        self._chunks = chunks
        self._media = media

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await unless_gone(receive, self._send(send))

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", self._media.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with contextlib.aclosing(self._chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of the work; None when the client left first, and the work was cancelled."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def sse(kind: str, data: object, key: int | None = None) -> bytes:
    """One server-sent event."""
    head = b"" if key is None else b"id: %d\n" % key
    return b"%sevent: %s\ndata: %s\n\n" % (head, kind.encode(), _encoder.encode(data))


def sse_events(events: list[Event]) -> bytes:
    return b"".join(sse(event.type, event, event.id) for event in events)


def ndjson(items: list[Any]) -> bytes:
    return _encoder.encode_lines(items)
