"""`sticli ps`: the sessions at a glance, 80 columns wide."""

import sys
import time

import typer

from sticli.invocation import document, of
from sticli.protocol import Session
from sticli.render import age, short, table

HEADS = ("NAME", "STATE", "PLACE", "LINES", "PENDING", "VERSION", "TOKENS", "FLASH", "USED")
DROPS = 5  # where the column of dropped lines stands, if there are any


def ps(context: typer.Context) -> None:
    """List the sessions; * marks those that are pinned."""
    call = of(context)
    found = call.connect().sessions()
    if call.json:
        return document(sessions=found)
    heads, rows = list(HEADS), [_row(session) for session in found]
    if any(session.dropped for session in found):
        heads.insert(DROPS, "DROPS")
        for row, session in zip(rows, found, strict=True):
            row.insert(DROPS, short(session.dropped))
    table(sys.stdout, heads, rows)
    if not found:
        call.note("no sessions yet: `… | sticli append NAME` makes one")


def _row(session: Session) -> list[str]:
    """A row; `place` is where the cells are."""
    limit = f"/{short(session.limit)}" if session.limit else ""
    return [
        session.name,
        session.state,
        (session.place or "-") + ("*" if session.pinned else ""),
        short(session.lines),
        short(session.pending),
        short(session.version),
        short(session.tokens) + limit,
        short(session.flash),
        age(time.time() - session.last_used),
    ]
