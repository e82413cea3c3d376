"""Reads requests: bodies into protocol structs, query parameters into values."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from sticli.errors import SticliError
from sticli.protocol import MAX_BODY

T = TypeVar("T")

PATIENCE = 32 * MAX_BODY  # bytes after which even the refusal is not waited for


async def decode(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The body as a struct.

    Raises:
        SticliError: too_large, bad_request.
    """
    try:
        return decoder.decode(await _body(request))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SticliError(
            "bad_request", f"the request is not understood: {error}", "see sticli-daemon(8), API"
        ) from None


async def _body(request: Request) -> bytes:
    """All of it; what is too large is read and dropped, or the client would miss the refusal."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY:
            chunks.append(chunk)
        elif size > PATIENCE:
            break
    if size > MAX_BODY:
        raise _too_large()
    return b"".join(chunks)


def number(request: Request, name: str, least: int = 0) -> int | None:
    """A whole number of the query, at least `least`; None when it is not there.

    Raises:
        SticliError: bad_request.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isdecimal() and text.isascii()) or len(text) > 18 or int(text) < least:
        raise SticliError(
            "bad_request",
            f"{name} is {text[:40]!r}, not a number from {least} on",
            "give at most 18 digits and nothing else",
        )
    return int(text)


def flag(request: Request, name: str) -> bool:
    """Whether a parameter of the query is set and not 0 or false."""
    return request.query_params.get(name, "0").lower() not in ("0", "false", "no", "")


def words(request: Request, name: str) -> frozenset[str]:
    """A comma-separated parameter of the query."""
    return frozenset(word for word in request.query_params.get(name, "").split(",") if word)


def _too_large() -> SticliError:
    return SticliError(
        "too_large", f"a request may hold {MAX_BODY} bytes", "send smaller batches of lines"
    )
