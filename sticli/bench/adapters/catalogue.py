"""Which engines can be put to the test, and how each is started."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sticli.bench.adapters.base import Adapter
from sticli.bench.prompt import Prompter
from sticli.errors import SticliError


@dataclass(frozen=True, slots=True)
class Room:
    """What every engine is given alike."""

    model: Path
    prompter: Prompter
    limit: int  # cells of a session
    sessions: int  # that have to fit at once
    seed: int


Start = Callable[[Room], Adapter]
ENGINES: dict[str, Start] = {}


def start(name: str, room: Room) -> Adapter:
    """The engine of this name, or the peer that NAME=URL describes; it is ready.

    Raises:
        SticliError: there is none of this name, or it does not start.
    """
    if name in ENGINES:
        return ENGINES[name](room)
    raise SticliError("bad_request", f"no engine {name!r}", f"known: {', '.join(ENGINES)}")
