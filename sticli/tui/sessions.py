"""The pane of sessions: which there are, and which of them is looked at."""

from collections.abc import Callable
from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sticli.protocol import Session
from sticli.render import age, short
from sticli.tui.messages import Chosen, Copied, Opened, Removed
from sticli.tui.table import Cell, Column, Entry, Row, Table, said
from sticli.watch.bars import bar
from sticli.watch.once import latest
from sticli.watch.state import State
from sticli.watch.symbols import symbols

BAR = 10  # letters of a bar
COLUMNS = (
    Column("", most=1),
    Column("name", most=64, least=12),
    Column("state", rank=4, most=8),
    Column("", rank=5, most=BAR),
    Column("cells", rank=1, right=True, most=15, meaning="tokens held, and the most it may hold"),
    Column("version", rank=2, right=True, most=15, meaning="read; behind the arrow: stored"),
    Column("lag", rank=2, right=True, meaning="how long its oldest unread line has waited"),
    Column("drops", rank=3, right=True, meaning="lines skipped unread: too much was pending"),
    Column("flash", rank=6, right=True, meaning="how many flash questions it has"),
    Column("place", rank=7, most=7, meaning="where its tokens are: device, host, disk, journal"),
    Column("on full", rank=8, most=8, meaning="what happens when its cells are full"),
    Column("used", rank=9, right=True),
    Column("note", rank=10, most=80, least=12),
)
EMPTY = "no sessions yet: `tail -f feed | sticli append NAME` makes one"
STATES = {"live": "good", "full": "warn", "waiting": "warn", "opening": "dim"}
UNSERVED = "refused"  # the worker does not serve it

Order = Callable[[Session], tuple[object, ...]]
ORDERS: dict[str, Order] = {
    "name": lambda session: (session.name,),
    "lag": lambda session: (session.behind_since or float("inf"), session.name),
    "cells": lambda session: (-session.tokens, session.name),
    "used": lambda session: (-session.last_used, session.name),
}


class SessionsPane(Vertical):
    """Sorted, filtered; the session under the cursor is the one that is looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "details"),
        Binding("s", "sort", "sort", tooltip="sort by the next column"),
        Binding("d", "remove", "delete", tooltip="delete it, once confirmed"),
        Binding("y", "copy", "copy", show=False),
        Binding("slash", "filter", "filter", key_display="/", tooltip="filter by name"),
        Binding("escape", "unfilter", "show all again", show=False),
    ]

    def __init__(self, *, id: str, classes: str, wanted: str | None) -> None:
        super().__init__(id=id, classes=classes)
        self.order = "name"
        self.wanted = wanted  # a session that is to be chosen once it is there
        self._begun = False  # whether there has been any
        self._state = State()
        self._titled = ""
        self._table = Table(COLUMNS, empty="")
        self._field = Input(placeholder="part of a name", compact=True)
        self._field.cursor_blink = False  # a blink wakes a program that rests
        self._sift = Horizontal(Static("/", markup=False), self._field, id="sift")
        self._sift.display = False

    def compose(self) -> ComposeResult:
        yield self._table
        yield self._sift

    def focus(self, scroll_visible: bool = True) -> Self:
        self._table.focus(scroll_visible)
        return self

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._state = state
        found = [session for session in state.sessions.values() if self._sought in session.name]
        found.sort(key=ORDERS[self.order])
        if not found:
            self._table.say(self._nothing(state))
        self._table.show(entry(session, state.at) for session in found)
        self._title(len(found), len(state.sessions))
        if state.sessions and not self._begun:
            self._begun = True
            self.wanted = self.wanted or latest(state.sessions.values())
        if self.wanted in self._table.keys:
            self._table.select(self.wanted)
            self.wanted = None

    @property
    def _sought(self) -> str:
        return self._field.value.strip()

    def _nothing(self, state: State) -> str:
        if state.status is None:
            return ""
        if state.sessions:
            return f"no session with {said(self._sought)!r} in its name: Esc shows all"
        return EMPTY

    def _title(self, shown: int, all_of_them: int) -> None:
        number = f"{shown}/{all_of_them}" if shown != all_of_them else str(shown)
        sift = f" {symbols().dot} /{said(self._sought)}" if self._sought else ""
        title = f"1 sessions {number} {symbols().dot} by {self.order}{sift}"
        if title != self._titled:
            self._titled = title
            self.border_title = Content(title)

    def on_table_moved(self, message: Table.Moved) -> None:
        message.stop()
        if message.key != self._state.chosen:
            self.post_message(Chosen(message.key))

    def on_input_changed(self) -> None:
        self.show(self._state)

    def on_input_submitted(self) -> None:
        self._sift.display = bool(self._sought)
        self._table.focus()

    def action_sort(self) -> None:
        """The next order."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        self.show(self._state)

    def action_filter(self) -> None:
        """Type a part of the names that are to be shown."""
        self._sift.display = True
        self._field.focus()

    def action_unfilter(self) -> None:
        """Show all of them."""
        self._field.value = ""
        self._sift.display = False
        self._table.focus()

    def action_open(self) -> None:
        if key := self._table.key:
            self.post_message(Opened(key))

    def action_remove(self) -> None:
        if key := self._table.key:
            self.post_message(Removed(key))

    def action_copy(self) -> None:
        if key := self._table.key:
            self.post_message(Copied(key, "the name"))


def entry(session: Session, now: float) -> Entry:
    """What the table says of a session at this moment."""
    lag, used = _lag(session, now), age(now - session.last_used)
    return session.name, (session, lag, used), lambda: row(session, lag, used)


def row(session: Session, lag: Cell, used: str) -> Row:
    """A cell for each column."""
    marks = symbols()
    state = UNSERVED if session.refused else session.state
    share = session.tokens / session.limit if session.limit else 0.0
    return (
        (marks.pinned if session.pinned else "", "accent"),
        (said(session.name), "strong"),
        (said(state), "bad" if session.refused else STATES.get(state, "")),
        _full(share),
        (f"{short(session.tokens)}/{short(session.limit)}", ""),
        (_version(session), ""),
        lag,
        _some(session.dropped, "bad"),
        _some(session.flash, ""),
        (said(session.place) or marks.none, "dim"),
        (said(session.on_full), "dim"),
        (used, "dim"),
        (_note(session), "bad" if session.refused else "dim"),
    )


def _full(share: float) -> Cell:
    """How full: a bar, in the colour of its urgency."""
    return bar(share, BAR), "bad" if share >= 1.0 else "warn" if share >= 0.8 else "bar"


def _version(session: Session) -> str:
    """The settled version, and the accepted one if it is further."""
    if session.version == session.settled:
        return short(session.settled)
    return f"{short(session.settled)}{symbols().to}{short(session.version)}"


def _lag(session: Session, now: float) -> Cell:
    """How long the oldest line has waited to be read."""
    if session.behind_since is None:
        return symbols().dot, "dim"
    lag = max(0.0, now - session.behind_since)
    text = f"{lag:.1f}s" if lag < 10 else age(lag)
    return text, "bad" if lag >= 10 else "warn" if lag >= 2 else ""


def _some(number: int, style: str) -> Cell:
    return (short(number), style) if number else (symbols().dot, "dim")


def _note(session: Session) -> str:
    if session.refused:
        return said(f"{session.refused.message} ({session.refused.hint})")
    return said(session.note)
