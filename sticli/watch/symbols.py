"""The marks that the dashboard says things with, for terminals of every alphabet, and what they
mean: nothing is said by colour alone.
"""

import sys
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Symbols:
    """One character each, but for the words of `to` and `cut`."""

    fresh: str = "●"
    stale: str = "○"
    changed: str = "✱"
    decision: str = "◆"
    pinned: str = "▲"
    open: str = "◇"
    cursor: str = "›"
    answer: str = "✱"
    session: str = "■"
    worker: str = "⚙"
    full: str = "▮"
    moved: str = "↕"
    dropped: str = "✂"
    missed: str = "┄"
    other: str = "·"
    to: str = "→"
    cut: str = "…"
    none: str = "—"
    dot: str = "·"
    filled: str = "█"
    empty: str = "░"
    steps: str = "▁▂▃▄▅▆▇█"
    novel: str = "▪"
    again: str = "▫"


UNICODE = Symbols()
ASCII = Symbols(
    fresh="*",
    stale="o",
    changed="!",
    decision="?",
    pinned="^",
    open="~",
    cursor=">",
    answer="!",
    session="s",
    worker="w",
    full="F",
    moved="m",
    dropped="x",
    missed="-",
    other=".",
    to="->",
    cut="..",
    none="-",
    dot="-",
    filled="#",
    empty=".",
    steps="_.,:-=+#",
    novel="+",
    again="-",
)

# in the order of the help: symbol, what it means
LEGEND = (
    ("fresh", "the answer is that of the newest version"),
    ("stale", "the answer is of an older version"),
    ("changed", "the answer changed just now; an event that says so"),
    ("decision", "a flash question with choices: its answer is prepared"),
    ("open", "a decision left open: its lead is below its gap"),
    ("pinned", "a pinned session: the last to leave the device"),
    ("novel", "a past answer that is no number, and had not been given before"),
    ("again", "a past answer that is no number, and had been given before"),
    ("session", "an event of a session"),
    ("worker", "an event of the worker"),
    ("full", "an event: the context of a session is full"),
    ("moved", "an event: a session's cells moved"),
    ("dropped", "an event: lines were dropped unread"),
    ("missed", "lines or events between these were not shown"),
    ("cursor", "the line that Enter shows and y copies"),
)


@cache
def symbols() -> Symbols:
    """Those that the terminal's encoding can print."""
    return suited(getattr(sys.__stdout__, "encoding", None) or "utf-8")


def suited(encoding: str) -> Symbols:
    """All of them, or plain ones where the encoding lacks any."""
    try:
        "".join(str(getattr(UNICODE, name)) for name in vars(UNICODE)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
