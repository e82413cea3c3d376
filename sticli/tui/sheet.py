"""Text to be read: wrapped, scrolled, copied."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sticli.render import printable
from sticli.tui.messages import Copied


class Sheet(VerticalScroll):
    """Shows foreign text as it is; `y` copies all of it."""

    DEFAULT_CSS = """
    Sheet { border: round $accent; padding: 0 1; background: $surface; scrollbar-size-vertical: 1; }
    Sheet > Static { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "down", show=False),
        Binding("k", "scroll_up", "up", show=False),
        Binding("g", "scroll_home", "to its begin", show=False),
        Binding("G", "scroll_end", "to its end", show=False),
        Binding("y", "copy", "copy"),
    ]

    def __init__(self, title: str, what: str = "the text") -> None:
        super().__init__()
        self.text = ""
        self._what = what
        self._page = Static(markup=False)
        self.border_title = Content(title)

    def compose(self) -> ComposeResult:
        yield self._page

    def write(self, text: str, drawn: Content | None = None) -> None:
        """Show this text, or something drawn that says the same."""
        if text != self.text:
            self.text = text
            self._page.update(drawn or Content(printable(text)))
            # Textual forgets a new height that is told between the first layouts of a screen.
            self.call_after_refresh(self._page.refresh, layout=True)

    def action_copy(self) -> None:
        self.post_message(Copied(self.text, self._what))
