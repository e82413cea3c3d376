"""One look at everything, with what led to it: no thread, no screen."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing

from sticli.client import Client
from sticli.protocol import Event, Session
from sticli.watch.device import Readings
from sticli.watch.ear import REPLAY
from sticli.watch.look import Chosen, Looks
from sticli.watch.state import State

SPAN = 0.5  # seconds between two looks: shares and rates are those of this time


def once(client: Client, session: str | None) -> State:
    """What a dashboard would show now; of the session used last where none is named.

    Raises:
        SticliError: as `Client.call`.
    """
    state, looks = State(), Looks(client, Readings(SPAN / 2))
    state.choose(session or latest(client.sessions()))
    for event in _past(client.again()):
        state.fold(event)
    chosen = Chosen(state.chosen)
    state.fold(looks.look(chosen))
    time.sleep(SPAN)
    state.fold(looks.look(chosen))
    return state


def latest(sessions: Iterable[Session]) -> str | None:
    """The session that was used last; None: there is none."""
    found = max(sessions, key=lambda session: session.last_used, default=None)
    return found.name if found else None


def _past(client: Client) -> Iterator[Event]:
    """The newest events that the daemon keeps."""
    with closing(client.events()) as events:
        newest = next(events).id
    if newest == 0:
        return
    with closing(client.events(since=max(0, newest - REPLAY))) as events:
        for event in events:
            if event.type not in ("connected", "stale"):
                yield event
                if event.id >= newest:
                    return
