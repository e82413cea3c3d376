"""The handlers of the HTTP API, one a route: requests in, protocol structs out."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sticli import protocol
from sticli.daemon import status
from sticli.daemon.asks import Progress
from sticli.daemon.http.bodies import decode, flag, number, words
from sticli.daemon.http.exposition import MEDIA_TYPE
from sticli.daemon.http.peer import unless_gone
from sticli.daemon.http.streams import NDJSON, SSE, Stream, ndjson, sse, sse_events
from sticli.daemon.messages import Piece
from sticli.daemon.metrics import metrics
from sticli.daemon.origin import Origin
from sticli.daemon.routes import CLIENT_LEFT, Route, Routes, answer, failure
from sticli.daemon.service import Service
from sticli.errors import SticliError
from sticli.paths import Paths

CURSOR_DIGITS = 18  # longer than any id

_ask = msgspec.json.Decoder(protocol.Ask)
_append = msgspec.json.Decoder(protocol.Append)
_fork = msgspec.json.Decoder(protocol.Fork)
_pin = msgspec.json.Decoder(protocol.Pin)
_new_session = msgspec.json.Decoder(protocol.NewSession)
_new_feed = msgspec.json.Decoder(protocol.NewFeed)
_new_flash = msgspec.json.Decoder(protocol.NewFlash)


class Api:
    """The handlers, one a route."""

    def __init__(self, service: Service, paths: Paths, origin: Origin) -> None:
        self._service = service
        self._paths = paths
        self._origin = origin

    async def version(self, request: Request) -> Response:
        return answer(status.version(self._origin))

    async def status(self, request: Request) -> Response:
        return answer(status.status(self._service, self._paths, self._origin))

    async def metrics(self, request: Request) -> Response:
        found = status.status(self._service, self._paths, self._origin)
        text = metrics(found, self._service.sessions, time.time())
        return Response(text, media_type=MEDIA_TYPE)

    async def stop(self, request: Request) -> Response:
        self._service.stop()
        return answer({})

    async def sessions(self, request: Request) -> Response:
        return answer(self._service.all())

    async def create(self, request: Request) -> Response:
        return answer(await self._service.create(await decode(request, _new_session)), 201)

    async def show(self, request: Request) -> Response:
        return answer(self._service.show(_name(request)))

    async def remove(self, request: Request) -> Response:
        await self._service.remove(_name(request))
        return answer({})

    async def fork(self, request: Request) -> Response:
        fork = await decode(request, _fork)
        new = protocol.NewSession(fork.name, source=_name(request), at=fork.at)
        return answer(await self._service.create(new), 201)

    async def pin(self, request: Request) -> Response:
        pin = await decode(request, _pin)
        return answer(await self._service.pin(_name(request), pin.pinned))

    async def explain(self, request: Request) -> Response:
        found = await unless_gone(request.scope, self._service.explain(_name(request)))
        return answer(found) if found else Response(status_code=CLIENT_LEFT)

    async def append(self, request: Request) -> Response:
        batch = await decode(request, _append)
        return answer(await self._service.append(_name(request), batch))

    async def feeds(self, request: Request) -> Response:
        return answer(await self._service.feeds(_name(request)))

    async def register(self, request: Request) -> Response:
        feed, producer = await decode(request, _new_feed), request.path_params["producer"]
        return answer(await self._service.register(_name(request), producer, feed))

    async def lines(self, request: Request) -> Stream:
        name, first = _name(request), number(request, "from", 1) or 1
        self._service.show(name)  # a name that is not there is refused before the stream begins
        found = self._service.lines(name, first, number(request, "limit"), flag(request, "follow"))
        return Stream(_chunks(found, ndjson), NDJSON)

    async def ask(self, request: Request) -> Response | Stream:
        """An answer that is known goes back at once; else the worker is asked."""
        name, ask = _name(request), await decode(request, _ask)
        known = self._service.asking.at_once(name, ask)
        if ask.stream:
            return Stream(self._speak(name, ask, known), SSE)
        if not known:
            work = self._service.asking.answer(name, ask, lambda word: None)
            known = await unless_gone(request.scope, work)
        return answer(known) if known else Response(status_code=CLIENT_LEFT)

    async def add_flash(self, request: Request) -> Response:
        flash = await decode(request, _new_flash)
        return answer(await self._service.add_flash(_name(request), flash), 201)

    async def flashes(self, request: Request) -> Response:
        return answer(self._service.flashes(_name(request)))

    async def flash(self, request: Request) -> Response:
        return answer(self._service.flash(_name(request), request.path_params["id"]))

    async def remove_flash(self, request: Request) -> Response:
        await self._service.remove_flash(_name(request), request.path_params["id"])
        return answer({})

    async def events(self, request: Request) -> Stream:
        since = number(request, "since")
        last = request.headers.get("last-event-id", "")
        if since is None and last.isdecimal() and len(last) <= CURSOR_DIGITS:
            since = int(last)
        found = self._service.events(
            request.query_params.get("session"), words(request, "type"), since
        )
        if NDJSON in request.headers.get("accept", ""):
            return Stream(_chunks(found, ndjson), NDJSON)
        return Stream(_chunks(found, partial(sse_events, since=since)), SSE)

    async def _speak(
        self, name: str, ask: protocol.Ask, known: protocol.Answer | None
    ) -> AsyncGenerator[bytes]:
        """The worker's answer, piece by piece."""
        if known:
            yield sse("answer", known)
            return
        words: asyncio.Queue[Progress | Piece | None] = asyncio.Queue()
        work = asyncio.create_task(self._service.asking.answer(name, ask, words.put_nowait))
        work.add_done_callback(lambda done: _over(done, words))
        try:
            while word := await words.get():
                yield _spoken(word)
            yield sse("answer", await work)
        except SticliError as error:
            yield sse("error", failure(error))
        finally:
            work.cancel()


def build(service: Service, paths: Paths, origin: Origin) -> Routes:
    """The ASGI application."""
    api = Api(service, paths, origin)
    session = "/v1/sessions/{name}"
    table: list[Route] = [
        ("POST", f"{session}/ask", api.ask),  # the shortest way for what must be fastest
        ("POST", f"{session}/lines", api.append),
        ("GET", f"{session}/lines", api.lines),
        ("GET", "/v1/version", api.version),
        ("GET", "/v1/status", api.status),
        ("GET", "/metrics", api.metrics),
        ("GET", "/v1/events", api.events),
        ("POST", "/v1/stop", api.stop),
        ("GET", "/v1/sessions", api.sessions),
        ("POST", "/v1/sessions", api.create),
        ("GET", session, api.show),
        ("DELETE", session, api.remove),
        ("POST", f"{session}/fork", api.fork),
        ("PUT", f"{session}/pin", api.pin),
        ("GET", f"{session}/explain", api.explain),
        ("GET", f"{session}/feeds", api.feeds),
        ("PUT", f"{session}/feeds/{{producer}}", api.register),
        ("POST", f"{session}/flash", api.add_flash),
        ("GET", f"{session}/flash", api.flashes),
        ("GET", f"{session}/flash/{{id}}", api.flash),
        ("DELETE", f"{session}/flash/{{id}}", api.remove_flash),
    ]
    return Routes(table, service.idle.touch)


async def _chunks(
    items: AsyncGenerator[Any], encode: Callable[[Any], bytes]
) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(items) as found:
        async for some in found:
            yield encode(some)


def _over(
    work: "asyncio.Task[protocol.Answer]", words: "asyncio.Queue[Progress | Piece | None]"
) -> None:
    """No more words come; how it ended is looked at, even where the reader has left."""
    words.put_nowait(None)
    if not work.cancelled():
        work.exception()


def _spoken(word: Progress | Piece) -> bytes:
    return sse("piece", {"text": word.text}) if isinstance(word, Piece) else sse("progress", word)


def _name(request: Request) -> str:
    return str(request.path_params["name"])
