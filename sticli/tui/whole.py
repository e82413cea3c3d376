"""One text in whole: a line of a feed, an event."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from sticli.tui.keys import Keys
from sticli.tui.sheet import Sheet


class WholeScreen(ModalScreen[None]):
    """Wraps what a pane has to cut."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "back")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._sheet = Sheet(title)
        self._text = text

    def compose(self) -> ComposeResult:
        yield self._sheet
        yield Keys()

    def on_mount(self) -> None:
        self._sheet.write(self._text)
        self._sheet.focus()
