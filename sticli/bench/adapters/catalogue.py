"""Which engines can be put to the test, and how each is started."""

from sticli.bench.adapters import openai
from sticli.bench.adapters.base import NAMES, Adapter
from sticli.bench.adapters.llamacpp import LlamaCpp
from sticli.bench.adapters.room import Room as Room
from sticli.bench.adapters.session import Sticli
from sticli.errors import SticliError


def start(name: str, room: Room) -> Adapter:
    """The engine of this name, or the peer that NAME=URL describes; it is ready.

    Raises:
        SticliError: there is none of this name, or it does not start.
    """
    if "=" in name:
        return openai.start(name, room)
    match name:
        case "live" | "flash" | "ready":
            return Sticli(name, room)
        case "bare" | "reuse" | "stateless":
            return LlamaCpp(name, room)
    raise SticliError("bad_request", f"no engine {name!r}", f"known: {', '.join(NAMES)}")
