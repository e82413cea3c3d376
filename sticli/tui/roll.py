"""A list that grows at its end: drawn line by line where it is looked at, however much came."""

import re
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sticli.tui.entry import ROOMY, Entry, Looks, drawn
from sticli.tui.ink import ink

T = TypeVar("T")
New = TypeVar("New")


class Roll(ScrollView, Generic[T], can_focus=True):
    """Follows its end, until the person looks at what was before; then it stands still."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "roll--head",
        "roll--cursor",
        "roll--match",
        "roll--remark",
    }
    DEFAULT_CSS = """
    Roll { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    Roll > .roll--head { color: $foreground 55%; }
    Roll > .roll--remark { color: $foreground 55%; text-style: italic; }
    Roll > .roll--match { text-style: bold underline; }
    Roll > .roll--cursor { text-style: none; }
    Roll:focus > .roll--cursor { background: $foreground 16%; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False),
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home,g", "first", "to the oldest", show=False),
        Binding("end,G", "follow", "follow the end", show=False),
        Binding("space", "pause", "pause"),
        Binding("n", "heads", "line numbers and times", show=False),
        Binding("enter", "open", "show it whole", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    class Changed(Message):
        """It stands still, goes on, or shows other lines than before."""

    class Chosen(Message):
        """The person wants to see the one `here` whole, or to copy it."""

        def __init__(self, copy: bool) -> None:
            super().__init__()
            self.copy = copy

    def __init__(self, entry: Callable[[T], Entry], limit: int, *, heads: bool = False) -> None:
        super().__init__()
        self.following = True
        self.waiting = 0  # that came since it stands still
        self.shown: list[T] = []  # of `_all` those that the filter lets pass
        self.cursor = 0
        self._entry = entry
        self._limit = limit
        self._heads: bool | None = heads or None  # None: where there is room
        self._all: list[T] = []
        self._seen = 0  # of those that ever came
        self._pattern: re.Pattern[str] | None = None
        self._looks: Looks | None = None
        self._keep: Callable[[T], bool] = lambda thing: True

    @property
    def last(self) -> T | None:
        """The newest that it holds."""
        return self._all[-1] if self._all else None

    @property
    def here(self) -> T | None:
        """The one that the cursor is at."""
        return self.shown[self.cursor] if self.shown else None

    def empty(self) -> None:
        """Begin anew."""
        self._all, self.shown, self._seen = [], [], 0
        self.action_follow()

    def add(self, things: Sequence[T]) -> None:
        """Put these at the end, while it follows."""
        self._all = [*self._all, *things][-self._limit :]
        self.shown = [*self.shown, *filter(self._passes, things)][-self._limit :]
        self._settle()
        if self._pattern:
            self._tell()

    def news(self, things: Collection[New], count: int) -> list[New]:
        """Of the newest things those that it has not seen, of `count` that ever came; none while it
        stands still.
        """
        if count < self._seen:
            self.empty()
        new = min(count - self._seen, len(things))
        if not self.following:
            self._wait(count - self._seen)
            return []
        self._seen, self.waiting = count, 0
        return [*islice(things, len(things) - new, None)]

    def filter(self, text: str, keep: Callable[[T], bool] | None = None) -> None:
        """Show only what holds this text and may be kept."""
        self._pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        self._keep = keep or self._keep
        chosen = self.here
        self.shown = [*filter(self._passes, self._all)]
        self.cursor = self.shown.index(chosen) if chosen in self.shown else len(self.shown) - 1
        self._settle()
        self._tell()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._looks = self._look_up()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        index, looks = y + self.scroll_offset.y, self._looks or self._look_up()
        if index >= len(self.shown):
            return Strip.blank(looks.room, looks.plain)
        here = index == self.cursor and self.has_focus
        return drawn(self._entry(self.shown[index]), looks, here=here)

    def _look_up(self) -> Looks:
        room = self.scrollable_content_region.width
        heads = room >= ROOMY if self._heads is None else self._heads
        found = (ink(self, f"roll--{name}") for name in ("cursor", "head", "match", "remark"))
        return Looks(room, heads, self._pattern, self.rich_style, *found)

    def _passes(self, thing: T) -> bool:
        if not self._keep(thing):
            return False
        if self._pattern is None:
            return True
        entry = self._entry(thing)
        return not entry.remark and bool(self._pattern.search(entry.text))

    def _settle(self) -> None:
        """Be as long as there are lines, and look at the end or where the cursor is."""
        self.virtual_size = Size(0, len(self.shown))
        if self.following:
            self.cursor = max(0, len(self.shown) - 1)
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            self.vertical_scrollbar.position = self.max_scroll_y  # it may just have appeared
        else:
            self._look()
        self.refresh()

    def _wait(self, count: int) -> None:
        if count != self.waiting:
            self.waiting = count
            self._tell()

    def _tell(self) -> None:
        """Say that it changed, by itself: what its parent makes would go no further than there."""
        self.call_later(lambda: self.post_message(self.Changed()))

    def _look(self) -> None:
        """Have the cursor on the screen."""
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self.cursor < top + height:
            y = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=y, animate=False)

    def _stand(self, cursor: int) -> None:
        """Stand still, with the cursor there."""
        self.following = False
        self.cursor = min(max(cursor, 0), max(0, len(self.shown) - 1))
        self._look()
        self.refresh()
        self._tell()

    def on_resize(self, event: events.Resize) -> None:
        self._settle()

    def on_focus(self, event: events.Focus) -> None:
        self.refresh()

    def on_blur(self, event: events.Blur) -> None:
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.following = False
        self._tell()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if self.scroll_offset.y >= self.max_scroll_y:
            self.action_follow()

    def on_click(self, event: events.Click) -> None:
        self._stand(event.y + self.scroll_offset.y)

    def action_move(self, step: int) -> None:
        """Choose the next line, or the one before; beyond the end it follows again."""
        top = self.scroll_offset.y
        self.cursor = min(max(self.cursor, top), top + max(1, self.size.height) - 1)
        if step > 0 and self.cursor >= len(self.shown) - 1:
            self.action_follow()
        else:
            self._stand(self.cursor + step)

    def action_page(self, step: int) -> None:
        self.action_move(step * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._stand(0)

    def action_follow(self) -> None:
        """Look at the end, and stay there."""
        self.following = True
        self._settle()
        self._tell()

    def action_pause(self) -> None:
        if self.following:
            self._stand(self.cursor)
        else:
            self.action_follow()

    def action_heads(self) -> None:
        """Show heads, or hide them."""
        self._heads = not self._look_up().heads
        self.refresh()

    def action_open(self) -> None:
        self._choose(copy=False)

    def action_copy(self) -> None:
        self._choose(copy=True)

    def _choose(self, *, copy: bool) -> None:
        if self.shown:
            self.post_message(self.Chosen(copy))
