"""A question before something is lost."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from sticli.client import Client
from sticli.render import one_line, plural
from sticli.tui.messages import Removed
from sticli.watch.state import State


def remove(what: Removed, client: Client) -> None:
    """Do what was confirmed."""
    if what.flash is None:
        client.remove(what.session)
    else:
        client.remove_flash(what.session, what.flash)


def loss(what: Removed, state: State) -> tuple[str, str]:
    """What is to go, and what is lost with it."""
    if what.flash is not None:
        flash = state.flashes.get(what.flash)
        question = one_line(flash.question) if flash else ""
        return f"delete flash question {one_line(what.flash)}?", f"no longer answered: {question}"
    session = state.sessions.get(what.session)
    lines = plural(session.lines, "line") if session else "all its lines"
    flashes = plural(session.flash, "flash question") if session else "its flash questions"
    return f"delete session {one_line(what.session)}?", f"{lines} and {flashes} go for good"


class ConfirmScreen(ModalScreen[bool]):
    """Answers True only where the person says yes; Enter alone says no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "say(True)", "yes"),
        Binding("n,escape,q", "say(False)", "no"),
        Binding("left,h", "at('no')", "to no", show=False),
        Binding("right,l", "at('yes')", "to yes", show=False),
    ]

    def __init__(self, what: str, loss: str) -> None:
        super().__init__()
        self._what = what
        self._loss = loss

    def compose(self) -> ComposeResult:
        with Vertical(classes="card") as card:
            card.border_title = Content(self._what)
            yield Static(Content(self._loss))
            with Horizontal(classes="buttons"):
                yield Button("n no, keep it", id="no", compact=True)
                yield Button("y yes, delete it", id="yes", compact=True, variant="error")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_at(self, name: str) -> None:
        """Move to a button; never around, for then no key is safe."""
        self.query_one(f"#{name}").focus()

    def action_say(self, yes: bool) -> None:
        self.dismiss(yes)
