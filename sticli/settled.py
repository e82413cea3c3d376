"""Waits until a version of a session has settled, by its events and without polling."""

from collections.abc import Callable

from sticli import worker
from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Session
from sticli.render import plural

TELLING = "settled,full,session,worker"


def wait(
    connect: Callable[[], Client],
    name: str,
    version: int,
    seen: Callable[[Session], None] = lambda session: None,
) -> Session:
    """The session once `version` of it has settled; `seen` is told of it before that.

    Raises:
        SticliError: `context_length_exceeded` when it is full before that; `not_found` when it
            was removed.
    """
    while True:
        client = connect()
        try:
            return _watch(client, name, version, seen)
        except SticliError as error:
            if error.code != "unreachable":
                raise
        finally:
            client.close()


def _watch(client: Client, name: str, version: int, seen: Callable[[Session], None]) -> Session:
    """As `wait`, with one daemon; the first event says that no later one is missed."""
    for event in client.again().events(type=TELLING):
        if event.session not in ("", name):
            continue
        session = client.session(name)
        if session.settled >= version:
            return session
        seen(session)
        _check_hope(client, session)
    raise SticliError("unreachable", "the daemon went away", "start it with `sticli daemon start`")


def _check_hope(client: Client, session: Session) -> None:
    """Refuse to wait for what will not come."""
    if session.state == "full":
        raise full(session)
    status = client.status() if session.state == "waiting" else None
    error = session.refused or (worker.failure(status) if status else None)
    if error:
        raise SticliError(error.code, f"the lines are stored, but {error.message}", error.hint)


def full(session: Session) -> SticliError:
    """Why a session takes no more lines, with the numbers."""
    return SticliError(
        "context_length_exceeded",
        f"session {session.name} is full: {session.tokens:,} of {session.limit:,} cells used, "
        f"no room for {plural(session.pending, 'line')} kept in the journal",
        f"go on in a new session: `sticli new NAME --limit {2 * session.limit}`",
    )
