"""All that is known of a flash question and its answer."""

from collections.abc import Iterable
from itertools import islice
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from sticli import decision
from sticli.form import Form
from sticli.protocol import Flash
from sticli.render import age, one_line, printable
from sticli.tui.flash import unanswered
from sticli.tui.keys import Keys
from sticli.tui.sheet import Sheet
from sticli.watch.state import State
from sticli.watch.symbols import symbols

SHOWN = 20  # past values


class AnswerScreen(ModalScreen[None]):
    """Goes on with every answer, until the person leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "back")]

    def __init__(self, state: State, session: str, key: str) -> None:
        super().__init__()
        self._sheet = Sheet(f"{one_line(session)} @{one_line(key)}")
        self._key = key
        self.show(state)

    def compose(self) -> ComposeResult:
        yield self._sheet
        yield Keys()

    def on_mount(self) -> None:
        self._sheet.focus()

    def show(self, state: State) -> None:
        """Draw what has changed."""
        flash = state.flashes.get(self._key)
        text = "\n".join(facts(flash, state)) if flash else "this question is gone"
        self._sheet.write(text)


def facts(flash: Flash, state: State) -> Iterable[str]:
    """Line by line, the answer first."""
    fresh = "fresh" if flash.fresh else "not fresh"
    yield printable(flash.answer) if flash.answer is not None else unanswered(flash)
    yield ""
    yield f"question    {printable(flash.question)}"
    if flash.evaluated_at:
        version = f"version {flash.version:,}" if flash.version is not None else "no version"
        yield f"as of       {version}, {age(state.at - flash.evaluated_at)} ago, {fresh}"
    yield f"form        {_form(flash.form)}"
    yield from _lead(flash)
    if flash.device_ms is not None:
        yield f"device      {flash.device_ms:.1f} ms, {flash.evaluations:,} evaluations"
    yield f"answered    {flash.debounce_ms} ms after new lines, {flash.max_tokens} tokens at most"
    if flash.exec:
        yield f"runs        {one_line(' '.join(flash.exec))}"
    yield from _before(state, flash)


def _form(form: Form | None) -> str:
    if form is None:
        return "free text"
    if form.choices:
        return "one of " + ", ".join(map(one_line, form.choices))
    return "a number" if form.number else "JSON of a schema"


def _lead(flash: Flash) -> Iterable[str]:
    if flash.confidence is not None:
        yield f"confidence  {flash.confidence:.2f} logits before the next token"
    if flash.lead is not None:
        what = f"lead {flash.lead:.2f}, gap {flash.gap:.2f}: prepared"
        if decision.is_open(flash):
            what = f"open, {decision.reason(flash)}; @{one_line(flash.id)} in an ask answers it"
        yield f"decision    {what}"


def _before(state: State, flash: Flash) -> Iterable[str]:
    values = state.past(flash.session, flash.id).values
    if len(values) > 1:
        yield ""
        yield f"before, newest first ({len(values) - 1:,} seen)"
    for value in islice(reversed(values), 1, SHOWN):
        yield f"  {symbols().dot} {one_line(value)[:200]}"
