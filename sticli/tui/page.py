"""A text that is drawn from the state, and again only when it says something else."""

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static

from sticli.watch.state import State


class Page(Static):
    """`draw` says what the state looks like in so many columns."""

    DEFAULT_CSS = "Page { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, draw: Callable[[State, int], Content]) -> None:
        super().__init__(markup=False)
        self._draw = draw
        self._drawn = Content()
        self._state: State | None = None

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._state = state
        found = self._draw(state, self.size.width)
        if not found.is_same(self._drawn):
            lines = found.plain.count("\n") != self._drawn.plain.count("\n")
            self._drawn = found
            self.update(found, layout=lines)

    def on_resize(self) -> None:
        if self._state:
            self.show(self._state)
