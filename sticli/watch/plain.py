"""The dashboard as text that goes on: a block whenever something has changed."""

import time
from collections.abc import Iterator

from sticli.protocol import SCHEMA, Problem
from sticli.watch.news import Source
from sticli.watch.once import latest
from sticli.watch.state import State
from sticli.watch.text import Section, sections

SOON = 0.05  # seconds between looks before anything is known


def blocks(
    source: Source, session: str | None, interval: float, width: int
) -> Iterator[tuple[State, list[Section]]]:
    """The state, and what of it says something new; looked for every `interval` seconds."""
    state, told, counts = State(), dict[str, object](), (0, 0)
    state.choose(session)
    source.start()
    try:
        while True:
            for news in source.take():
                state.fold(news)
            if state.chosen is None and state.sessions:
                state.choose(latest(state.sessions.values()))
                source.choose(state.chosen)
            known = state.seen or state.lost is not None
            found = sections(state, width, *counts) if known else []
            if new := [one for one in found if told.get(one.title, ...) != one.said]:
                told |= {one.title: one.said for one in found}
                counts = state.event_count, state.line_count
                yield state, new
            time.sleep(interval if known else min(interval, SOON))
    finally:
        source.stop()


def document(state: State) -> dict[str, object]:
    """The same for a program: what is known, or why there is nothing new to know."""
    if state.lost:
        error = Problem.of(state.lost)
        return {"type": "lost", "at": state.lost_at, "error": error, "schema_version": SCHEMA}
    return {
        "type": "snapshot",
        "at": state.at,
        "status": state.status,
        "sessions": [*state.sessions.values()],
        "chosen": state.chosen,
        "flashes": [*state.flashes.values()],
        "device": state.device,
        "schema_version": SCHEMA,
    }
