"""Names that a word of a command line may be, as they are now: no daemon is started for them."""

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sticli.errors import SticliError
from sticli.limit import deadline
from sticli.place import awaited, socket_path
from sticli.render import one_line, plural

if TYPE_CHECKING:
    from sticli.client import Client

T = TypeVar("T")
Candidate = tuple[str, str]  # a word, and a few words about it
BUDGET = 0.07  # seconds that the daemon may take: with the start of the program they feel like none


def sessions(taken: Iterable[str] = ()) -> list[Candidate]:
    """Names of sessions, without those that are `taken`."""
    found = _ask(lambda client: client.sessions())
    return [(one.name, plural(one.lines, "line")) for one in found if one.name not in taken]


def questions(session: str) -> list[Candidate]:
    """Ids of the flash questions of a session."""
    found = _ask(lambda client: client.flashes(session))
    return [(one.id, one_line(one.question)) for one in found]


def settings() -> list[Candidate]:
    from sticli import config

    return [*config.DOC.items()]


def values(setting: str) -> list[Candidate]:
    """What a setting may be set to, where that can be listed."""
    from sticli import config

    if setting == "model":
        return models()
    return [(choice, "") for choice in config.CHOICES.get(setting, ())]


def models() -> list[Candidate]:
    """Models that are on this machine."""
    from sticli.models import names
    from sticli.models.find import EMBEDDED

    return [(EMBEDDED, "the model that is always there"), *((name, "pulled") for name in names())]


def _ask(what: "Callable[[Client], list[T]]") -> list[T]:
    """What the daemon says in time; a shell prompt is no place for errors."""
    from sticli.client import Client

    if _would_start_one():
        return []
    try:
        with deadline(BUDGET), closing(Client(Path(socket_path()), None)) as client:
            return what(client)
    except SticliError:
        return []


def _would_start_one() -> bool:
    """Whether a service's socket is there and no daemon; the unit is looked for first, cheaply."""
    if not awaited(socket_path()):
        return False
    from sticli import launch, paths

    return launch.asleep(paths.resolve())
