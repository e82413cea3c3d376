"""The pane of flash questions: what the chosen session answers ahead of time."""

from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from sticli import decision
from sticli.protocol import Flash
from sticli.render import age, short
from sticli.tui.messages import Copied, Opened, Removed
from sticli.tui.table import Cell, Column, Entry, Row, Table, said
from sticli.watch.spark import spark
from sticli.watch.state import Past, State
from sticli.watch.symbols import symbols

JUST_NOW = 3.0  # seconds that a change is pointed out
SPARK = 16  # past values at a glance
HOW = {"flash": "decoded", "ready": "read off"}  # how an answer came about
COLUMNS = (
    Column("", most=1),
    Column("", rank=2, most=1),
    Column("id", most=64, least=10),
    Column("value", most=80, least=20),
    Column("past", rank=3, most=SPARK, meaning="its last values, the newest on the right"),
    Column("age", rank=1, right=True, meaning="how long ago it was computed"),
    Column("version", rank=4, right=True, meaning="of the session, that it answers for"),
    Column("sure", rank=5, right=True, meaning="how far it was ahead of the next best, in logits"),
    Column("ms", rank=6, right=True, meaning="of the device, that it took"),
    Column("runs", rank=7, right=True, meaning="how often it was computed"),
    Column("how", rank=8, meaning="decoded, or read off where the choice was clear"),
    Column("question", rank=9, most=80, least=20),
)


class FlashPane(Vertical):
    """One line a question: its newest answer, how old it is, and what it said before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "details"),
        Binding("d", "remove", "delete", tooltip="delete it, once confirmed"),
        Binding("y", "copy", "copy"),
    ]

    def __init__(self, *, id: str, classes: str, readonly: bool = False) -> None:
        super().__init__(id=id, classes=classes)
        self._readonly = readonly
        self._state = State()
        self._titled = ""
        self._table = Table(COLUMNS, empty="")

    def compose(self) -> ComposeResult:
        yield self._table

    def focus(self, scroll_visible: bool = True) -> Self:
        self._table.focus(scroll_visible)
        return self

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._state = state
        if not state.flashes:
            self._table.say(nothing(state, readonly=self._readonly))
        self._table.show(entry(flash, state) for flash in state.flashes.values())
        title = f"2 flash {len(state.flashes)}"
        if state.chosen:
            title += f" {symbols().dot} {said(state.chosen)}"
        if title != self._titled:
            self._titled = title
            self.border_title = Content(title)

    def action_open(self) -> None:
        if flash := self._chosen():
            self.post_message(Opened(flash.session, flash.id))

    def action_remove(self) -> None:
        if flash := self._chosen():
            self.post_message(Removed(flash.session, flash.id))

    def action_copy(self) -> None:
        flash = self._chosen()
        if flash and flash.answer is not None:
            self.post_message(Copied(flash.answer, f"the value of {said(flash.id)}"))

    def _chosen(self) -> Flash | None:
        return self._state.flashes.get(self._table.key or "")


def nothing(state: State, *, readonly: bool) -> str:
    """What to do where there is no flash question, if anything may be done."""
    if state.chosen is None or not state.seen:
        return ""
    none = f"no flash questions in {said(state.chosen)}"
    return none if readonly else f"{none}: f adds one,\nto be answered before it is asked"


def entry(flash: Flash, state: State) -> Entry:
    """What the table says of a question at this moment."""
    past = state.past(flash.session, flash.id)
    changed = bool(past.changed_at) and state.at - past.changed_at < JUST_NOW
    old = age(state.at - flash.evaluated_at) if flash.evaluated_at else symbols().none
    stamp = (flash, past.changed_at, len(past.values), changed, old)
    return flash.id, stamp, lambda: row(flash, past, old, changed=changed)


def row(flash: Flash, past: Past, old: str, *, changed: bool) -> Row:
    """A cell for each column."""
    return (
        _mark(flash, changed=changed),
        (_decision(flash), "dim"),
        (said(flash.id), "strong"),
        _value(flash, changed=changed),
        (spark(past.values, SPARK), "bar"),
        (old, ""),
        (symbols().none if flash.version is None else short(flash.version), "dim"),
        _confidence(flash),
        _figure(flash.device_ms),
        (short(flash.evaluations), "dim"),
        (said(HOW.get(flash.source or "", flash.source or "")), "dim"),
        (said(flash.question), "dim"),
    )


def _mark(flash: Flash, *, changed: bool) -> Cell:
    """Changed just now, fresh or stale."""
    marks = symbols()
    if changed:
        return marks.changed, "accent"
    return (marks.fresh, "good") if flash.fresh else (marks.stale, "warn")


def _value(flash: Flash, *, changed: bool) -> Cell:
    if flash.answer is None:
        return unanswered(flash), "dim"
    style = "accent" if changed else "" if flash.fresh else "dim"
    return said(flash.answer), style


def unanswered(flash: Flash) -> str:
    """Why there is no answer: a decision may have been left open."""
    return decision.brief(flash) if decision.is_open(flash) else "not answered yet"


def _confidence(flash: Flash) -> Cell:
    """How far the best was ahead, in logits."""
    low = flash.lead is not None and flash.lead < flash.gap
    return _figure(flash.confidence)[0], "warn" if low else ""


def _figure(number: float | None) -> Cell:
    return (symbols().none if number is None else f"{number:.1f}", "")


def _decision(flash: Flash) -> str:
    """Whether it is one, and whether that was left open."""
    if not decision.decides(flash):
        return ""
    return symbols().open if decision.is_open(flash) else symbols().decision
