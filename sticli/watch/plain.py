"""The dashboard as text that goes on: a block whenever something has changed."""

import time
from collections.abc import Iterator

from sticli.protocol import SCHEMA, Problem
from sticli.watch.news import Source
from sticli.watch.once import latest
from sticli.watch.state import State
from sticli.watch.text import Section, sections


def blocks(
    source: Source, session: str | None, interval: float, width: int
) -> Iterator[tuple[State, list[Section]]]:
    """The state, and what of it says something new; looked for every `interval` seconds."""
    state, told = State(), dict[str, object]()
    state.choose(session)
    source.start()
    try:
        while True:
            for news in source.take():
                state.fold(news)
            if state.chosen is None and state.sessions:
                state.choose(latest(state.sessions.values()))
                source.choose(state.chosen)
            found = sections(state, width) if state.at or state.lost else []
            if fresh := [one for one in found if _is_new(one, told)]:
                told |= {one.title: one.said for one in found}
                yield state, fresh
            time.sleep(interval)
    finally:
        source.stop()


def _is_new(section: Section, told: dict[str, object]) -> bool:
    if section.title not in told:
        return True
    return section.said is not None and section.said != told[section.title]


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
