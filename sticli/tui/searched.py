"""A `Roll` and the line under it in which the person types what to look for."""

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from sticli.render import count, one_line
from sticli.tui.roll import Roll

T = TypeVar("T")


class Searched(Vertical, Generic[T]):
    """What is shown follows what is typed; Enter goes back to the lines, Escape shows all again."""

    DEFAULT_CSS = """
    Searched { height: 1fr; }
    Searched > Horizontal { height: 1; background: $boost; }
    Searched Static { width: 2; color: $text-accent; padding: 0 0 0 1; }
    Searched Input { width: 1fr; height: 1; border: none; padding: 0; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "filter", key_display="/", show=False),
        Binding("escape", "unsearch", "show all again", show=False),
    ]

    def __init__(self, roll: Roll[T]) -> None:
        super().__init__()
        self.roll = roll
        self.line = Input(placeholder="filter", select_on_focus=False, compact=True)
        self.line.cursor_blink = False  # a blink wakes an idle program
        self._bar = Horizontal(Static("/", markup=False), self.line)
        self._bar.display = False

    def compose(self) -> ComposeResult:
        yield self.roll
        yield self._bar

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "unsearch" or self._bar.display

    def keep(self, keep: Callable[[T], bool]) -> None:
        """Show only those, whatever is typed."""
        self.roll.filter(self.line.value, keep)

    def remark(self) -> str:
        """What is to be said in a title: what is looked for, and what is not shown yet."""
        roll, typed = self.roll, self.line.value
        found = [f"/{one_line(typed)}: {count(len(roll.shown))}"] if typed else []
        if not roll.following:
            found += [f"paused, +{count(roll.waiting)} new" if roll.waiting else "paused"]
        return ", ".join(found)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.roll.filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._bar.display = bool(event.value)
        self.roll.focus()

    def action_search(self) -> None:
        self._bar.display = True
        self.line.focus()

    def action_unsearch(self) -> None:
        self.line.value = ""
        self._bar.display = False
        self.roll.focus()
