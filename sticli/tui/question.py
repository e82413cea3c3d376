"""The form of a new flash question."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sticli.commands import form
from sticli.errors import SticliError
from sticli.invocation import argument
from sticli.protocol import NewFlash
from sticli.render import one_line
from sticli.tui import errand
from sticli.tui.messages import Notice
from sticli.watch.news import Source

EMPTY = SticliError(
    "bad_request", "there is no question", "type one, as: which symbol traded last?"
)
NUMBER = "number"
FIELDS = (
    ("question", "which symbol traded last?"),
    ("form", "any text; else number, or choices: up,down,flat"),
    ("id", "a short name for it (empty: one is made)"),
)


class QuestionScreen(ModalScreen[None]):
    """Stays until the daemon has taken the question; says what it refused, and why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back"),
        Binding("ctrl+s", "send", "add"),
    ]

    def __init__(self, session: str, source: Source) -> None:
        super().__init__()
        self._session = session
        self._source = source
        self._sent = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="card") as card:
            card.border_title = Content(f"new flash question of {one_line(self._session)}")
            card.border_subtitle = Content("Enter adds it, Tab moves, Esc goes back")
            for name, hint in FIELDS:
                yield Static(name, classes="label", markup=False)
                field = Input(placeholder=hint, id=name, compact=True)
                field.cursor_blink = False
                yield field
            yield Static(id="refusal", markup=False)

    def on_mount(self) -> None:
        self.query_one("#question").focus()

    def on_input_submitted(self) -> None:
        self.action_send()

    def action_send(self) -> None:
        """Have it registered, once at a time."""
        if self._sent:
            return
        try:
            request = self._request()
        except SticliError as error:
            return self._done(error)
        self._sent = True
        self._say("adding it…")
        errand.send(
            self._source,
            lambda client: client.add_flash(self._session, request),
            lambda error: self.call_later(self._done, error),
        )

    def _request(self) -> NewFlash:
        question, wanted, key = (
            argument(self.query_one(f"#{name}", Input).value).strip() for name, _ in FIELDS
        )
        if not question:
            raise EMPTY
        number = wanted == NUMBER
        found = form.given(None if number else wanted or None, number, None)
        return NewFlash(question, key or None, form=found)

    def _done(self, error: SticliError | None) -> None:
        self._sent = False
        if error is None:
            self.post_message(Notice("the question is added"))
            self.dismiss()
        else:
            self._say(str(error).removeprefix("--"))

    def _say(self, text: str) -> None:
        self.query_one("#refusal", Static).update(Content(one_line(text)))
