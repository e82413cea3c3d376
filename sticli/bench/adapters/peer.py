"""A server that is put to the test, as the command line names it: NAME=URL[,key=value…]."""

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from sticli.bench.adapters.base import NAMES
from sticli.errors import SticliError

HINT = "NAME=http://HOST:PORT or NAME=unix:/PATH, then perhaps ,api=chat and the like"


@dataclass(frozen=True, slots=True)
class Peer:
    """What is known about a server before it is spoken to."""

    name: str
    url: str
    api: Literal["completions", "chat"] = "completions"
    model: str = ""  # empty: the first that it lists
    prompt: Literal["ids", "text"] = "ids"  # completions only; chat is text
    warm: bool = False  # send the prompt so far whenever lines arrive, so that it is in the cache
    pid: int = 0  # of the server, for its CPU seconds and memory; 0: they stay unknown
    checked: bool = True  # whether it must have its prefix cache on

    @property
    def exact(self) -> bool:
        """Whether the server is given our tokens rather than a text."""
        return self.api == "completions" and self.prompt == "ids"

    @property
    def address(self) -> str | tuple[str, int]:
        """Path of a Unix socket, or host and port."""
        if self.url.startswith("unix:"):
            return self.url.removeprefix("unix:")
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    @property
    def root(self) -> str:
        """What stands ahead of /v1/… in a path."""
        path = "" if self.url.startswith("unix:") else urlsplit(self.url).path
        return path.rstrip("/").removesuffix("/v1")


def parse(text: str) -> Peer:
    """The peer that a text describes.

    Raises:
        SticliError: it describes none.
    """
    name, _, rest = text.partition("=")
    url, *pairs = rest.split(",")
    if not name or not _reachable(url):
        raise SticliError("bad_request", f"{text!r} is no peer", HINT)
    if name in (*NAMES, *NAMES.values()):
        raise SticliError(
            "bad_request", f"{name!r} is an engine of ours", "call the peer otherwise"
        )
    found = Peer(name, url)
    for pair in pairs:
        found = _with(found, *pair.partition("=")[::2])
    return found


def _reachable(url: str) -> bool:
    """Whether it has a form that we can connect to."""
    if url.startswith("unix:/"):
        return True
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _with(peer: Peer, key: str, value: str) -> Peer:
    match key, value:
        case "api", "completions" | "chat":
            return replace(peer, api=value)
        case "prompt", "ids" | "text":
            return replace(peer, prompt=value)
        case "warm", "yes" | "no":
            return replace(peer, warm=value == "yes")
        case "cache", "on" | "unchecked":
            return replace(peer, checked=value == "on")
        case "model", _ if value:
            return replace(peer, model=value)
        case "pid", _ if value.isdecimal():
            return replace(peer, pid=int(value))
    raise SticliError(
        "bad_request",
        f"{key}={value} says nothing about a peer",
        "api=completions|chat, model=NAME, prompt=ids|text, warm=yes|no, cache=on|unchecked, pid=N",
    )
