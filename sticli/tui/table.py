"""Rows of cells, one of them under the cursor: what has not changed is not drawn again.

A `DataTable` keeps its cursor at a position; here it stays with a key while rows come and go.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sticli.render import one_line
from sticli.tui.ink import ink
from sticli.watch.symbols import symbols

Cell = tuple[str, str]  # what it says, on one line, and the name of its style
Row = tuple[Cell, ...]
Entry = tuple[str, object, Callable[[], Row]]  # a key, all that its row depends on, and the row

GAP = 2
LONGEST = 500  # characters of a text that a screen may show on one line
PLAIN = Style()


@dataclass(frozen=True)
class Column:
    """Of those that do not fit, the one with the highest `rank` goes first; 0 never goes."""

    head: str
    rank: int = 0
    right: bool = False
    most: int = 32  # cells that it takes at most
    least: int = 0  # that it is content with, so that others fit; 0: all that it needs
    meaning: str = ""  # in the help


class Table(ScrollView, can_focus=True):
    """A head, then a line for each row; `empty` is what it says without any."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("table--head", "table--cursor", "table--strong", "table--dim", "table--good"),
        *("table--warn", "table--bad", "table--accent", "table--bar", "table--rest"),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("g,home", "step(-100000)", "first", show=False),
        Binding("G,end", "step(100000)", "last", show=False),
    ]

    class Moved(Message):
        """The cursor is on another row; None: there are no rows."""

        def __init__(self, table: "Table", key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "Table":
            return self.table

    def __init__(self, columns: Sequence[Column], *, empty: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = columns
        self.empty = empty
        self.key: str | None = None  # of the row under the cursor
        self.keys: list[str] = []
        self._rows: dict[str, Row] = {}
        self._stamps: dict[str, object] = {}
        self._natural = [len(column.head) for column in columns]  # widths; they only grow
        self._inks: dict[str, Style] = {}
        self._widths: list[int] = []  # as drawn, 0 for a column that does not fit

    def show(self, entries: Iterable[Entry]) -> None:
        """Take these rows, in this order; make and draw those that have changed."""
        old, before = self._rows, self.keys
        stamps, self._rows = self._stamps, {}
        self._stamps = {}
        for key, stamp, make in entries:
            known = key in old and stamps[key] == stamp
            self._rows[key] = old[key] if known else make()
            self._stamps[key] = stamp
        self.keys = list(self._rows)
        if self._grow(row for key, row in self._rows.items() if old.get(key) is not row):
            self._fit()
        elif len(self.keys) != len(before):
            self._resize()
        else:
            self._renew(old, before)
        self._hold(before)

    def say(self, empty: str) -> None:
        """What to say while there are no rows."""
        if empty != self.empty:
            self.empty = empty
            self.refresh(layout=True)

    def select(self, key: str) -> None:
        """Put the cursor on this row, if it is there."""
        if key in self._rows and key != self.key:
            self.key = key
            self._reveal()
            self.refresh()
            self.post_message(self.Moved(self, key))

    def _renew(self, old: dict[str, Row], before: list[str]) -> None:
        for number, key in enumerate(self.keys):
            if before[number] != key or old[key] is not self._rows[key]:
                self._refresh_line(number)

    def _refresh_line(self, number: int) -> None:
        y = number + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _hold(self, before: list[str]) -> None:
        """Keep the cursor on its row; if that is gone, on the one that took its place."""
        if self.key in self._rows:
            if before != self.keys:
                self._reveal()
            return
        place = before.index(self.key) if self.key in before else 0
        key = self.keys[min(place, len(self.keys) - 1)] if self.keys else None
        if key != self.key:
            self.key = key
            self._reveal()
            self.refresh()
            self.post_message(self.Moved(self, key))

    def _reveal(self) -> None:
        if self.key is None:
            return
        place, height = self.keys.index(self.key), max(1, self.size.height - 1)
        top = min(self.scroll_offset.y, place)
        top = max(top, place - height + 1)
        self.scroll_to(y=top, animate=False, force=True)
        self.vertical_scrollbar.position = top  # it may just have appeared

    def _grow(self, rows: Iterable[Row]) -> bool:
        """Make columns as wide as their widest cell ever was; whether one grew."""
        before = list(self._natural)
        for row in rows:
            for number, (text, _) in enumerate(row):
                if len(text) > self._natural[number] or not text.isascii():
                    width = min(cell_len(text), self.columns[number].most)
                    self._natural[number] = max(self._natural[number], width)
        return before != self._natural

    def _fit(self) -> None:
        self._widths = fit(self.columns, self._natural, self.size.width - 2)
        self._resize()

    def _resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.keys) + 1)
        self.refresh(layout=True)

    def on_resize(self, event: events.Resize) -> None:
        self._fit()
        self._reveal()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are rows, and the head."""
        return max(len(self.keys), len(self.empty.split("\n"))) + 1

    def action_step(self, by: int) -> None:
        if self.keys:
            place = self.keys.index(self.key) if self.key in self.keys else 0
            self.select(self.keys[max(0, min(place + by, len(self.keys) - 1))])

    def action_page(self, by: int) -> None:
        self.action_step(by * max(1, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        place = event.y - 1 + self.scroll_offset.y
        if event.y >= 1 and place < len(self.keys):
            self.select(self.keys[place])

    def render_line(self, y: int) -> Strip:
        """The head, a row, or what is said without rows."""
        width = self.size.width
        if not self.keys:
            told = self.empty.split("\n")
            line = told[y - 1] if 1 <= y <= len(told) else ""
            return self._strip([(f" {line}", "dim")], width, self.rich_style)
        if y == 0:
            heads = [(column.head, "head") for column in self.columns]
            return self._line(heads, " ", self.rich_style)
        place = y - 1 + self.scroll_offset.y
        if place >= len(self.keys):
            return Strip.blank(width, self.rich_style)
        key = self.keys[place]
        here = key == self.key
        ground = self.rich_style + self._ink("cursor") if here else self.rich_style
        return self._line(self._rows[key], symbols().cursor if here else " ", ground)

    def notify_style_update(self) -> None:
        """Another theme, or another focus: look colours up again."""
        self._inks.clear()
        super().notify_style_update()

    def _line(self, cells: Sequence[Cell], mark: str, ground: Style) -> Strip:
        found: list[Cell] = [(mark + " ", "accent")]
        for column, (text, style), room in zip(self.columns, cells, self._widths, strict=False):
            if room:
                whole = sized(text, room, right=column.right)
                full = whole.rstrip(symbols().empty)
                rest = whole[len(full) :] + " " * gap(room)
                found += [(full, style), (rest, "rest")]
        return self._strip(found, self.size.width, ground)

    def _strip(self, cells: Iterable[Cell], width: int, ground: Style) -> Strip:
        segments = [Segment(text, ground + self._ink(style)) for text, style in cells if text]
        return Strip(segments).adjust_cell_length(width, ground)

    def _ink(self, name: str) -> Style:
        if name and name not in self._inks:
            self._inks[name] = ink(self, f"table--{name}")
        return self._inks.get(name, PLAIN)


def said(text: str) -> str:
    """Foreign text as a cell takes it: harmless, one line, no longer than any screen is wide."""
    return one_line(text[:LONGEST])


def fit(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """The width of each column, 0 for those that go so that the others fit."""
    widths = [
        min(needed, column.least or needed) for column, needed in zip(columns, natural, strict=True)
    ]
    kept = sorted(range(len(columns)), key=lambda number: columns[number].rank)
    while columns[kept[-1]].rank and _total(kept, widths) > room:
        widths[kept.pop()] = 0
    spare = room - _total(kept, widths)
    for number in kept:
        more = min(max(spare, 0), natural[number] - widths[number])
        widths[number] += more
        spare -= more
    return widths


def gap(width: int) -> int:
    """Blanks behind a column: a lone mark belongs to what follows."""
    return 1 if width == 1 else GAP


def _total(kept: Sequence[int], widths: Sequence[int]) -> int:
    found = [widths[number] for number in kept if widths[number]]
    return sum(width + gap(width) for width in found)


def sized(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly this many cells; an ellipsis says that it went on."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + symbols().cut[:1]
    blank = " " * (width - length)
    return blank + text if right else text + blank
