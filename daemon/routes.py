"""Which handler a request is for, and what it hears when that fails."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sticli import protocol
from sticli.daemon.http.streams import Stream
from sticli.errors import SticliError

Handler = Callable[[Request], Awaitable[Response | Stream]]
Route = tuple[str, str, Handler]  # method, path with {names}, who answers

LOOKS = ("GET", "HEAD")
CLIENT_LEFT = 499  # nobody reads this

_encode = msgspec.json.Encoder().encode

log = logging.getLogger(__name__)


class Routes:
    """The ASGI application: the first route that fits, straight to its handler."""

    def __init__(self, table: Sequence[Route], visit: Callable[[], None]) -> None:
        """`visit` hears of every request that is more than a look."""
        self._visit = visit
        self._table = [(method, _pattern(path), handler) for method, path, handler in table]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = await self._reply(Request(scope, receive))
        await reply(scope, receive, send)

    async def _reply(self, request: Request) -> Response | Stream:
        try:
            return await self._handler(request)(request)
        except SticliError as error:
            return refuse(error)
        except ClientDisconnect:  # in the middle of its request
            return Response(status_code=CLIENT_LEFT)
        except Exception as error:
            log.exception("%s %s failed", request.method, request.url.path[:200])
            what = f"the daemon failed: {type(error).__name__}"
            return refuse(SticliError("internal", what, "see `sticli daemon logs`"))

    def _handler(self, request: Request) -> Handler:
        path, status = request.scope["path"], 404
        if request.method not in LOOKS:
            self._visit()
        wanted = "GET" if request.method == "HEAD" else request.method  # its body is left out
        for method, pattern, handler in self._table:
            if found := pattern.fullmatch(path):
                if method == wanted:
                    request.scope["path_params"] = found.groupdict()
                    return handler
                status = 405
        return _no_route(status)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path))


def _no_route(status: int) -> Handler:
    async def refused(request: Request) -> Response:
        what = f"{request.method} {request.scope['path'][:200]}"
        error = SticliError("not_found", f"there is no {what}", "see `sticli api`")
        return answer(failure(error), status)

    return refused


def answer(value: object, status: int = 200) -> Response:
    """A struct as JSON."""
    return Response(_encode(value), status, media_type="application/json")


def failure(error: SticliError) -> protocol.Failure:
    """An error as clients read it."""
    return protocol.Failure(protocol.Problem.of(error))


def refuse(error: SticliError) -> Response:
    """The reply that says so."""
    return answer(failure(error), error.status)
