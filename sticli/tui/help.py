"""Keys, symbols and columns: read off the widgets, so that no key is missing and none is wrong."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.dom import DOMNode
from textual.keys import format_key
from textual.screen import ModalScreen

from sticli.tui import flash, sessions
from sticli.tui.keys import Keys
from sticli.tui.sheet import Sheet
from sticli.watch.symbols import LEGEND, symbols

PLACES = {
    "Dashboard": "everywhere",
    "Desk": "between panes",
    "SessionsPane": "sessions",
    "FlashPane": "flash questions",
    "Table": "moving in sessions and flash questions",
    "Roll": "moving in the feed and in events",
    "Searched": "feed and events",
    "EventsPane": "events",
    "SchedulerPane": "scheduler",
    "DevicePane": "device",
    "AskScreen": "while asking",
    "QuestionScreen": "a new flash question",
    "ConfirmScreen": "before something is deleted",
    "DetailsScreen": "details of a session",
    "AnswerScreen": "details of a flash question",
    "WholeScreen": "a line or an event as a whole",
    "Sheet": "reading a text",
    "HelpScreen": "this help",
}
KEYS = 16  # columns of the keys

Section = tuple[str, list[tuple[str, str]]]  # a place, its keys and what they do


class HelpScreen(ModalScreen[None]):
    """Generated from what is loaded: every widget of ours that has keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "back")]

    def __init__(self) -> None:
        super().__init__()
        self._sheet = Sheet("keys, symbols, columns", "the help")

    def compose(self) -> ComposeResult:
        yield self._sheet
        yield Keys()

    def on_mount(self) -> None:
        self._sheet.write(*page())
        self._sheet.focus()


def page() -> tuple[str, Content]:
    """The help as text and as it is drawn."""
    found: list[Content] = []
    for place, keys in [*sections(), ("symbols", [*_legend()]), *_columns()]:
        found.append(Content.styled(f"\n{place}" if found else place, "bold"))
        for key, meaning in keys:
            found.append(Content.assemble((f"  {key.ljust(KEYS)} ", "$text-accent"), meaning))
    drawn = Content("\n").join(found)
    return drawn.plain, drawn


def sections() -> Iterator[Section]:
    """Where keys work, and what they do there; first those of all places."""
    known = {node.__name__: node for node in owners()}
    order = [*(name for name in PLACES if name in known), *sorted(known.keys() - PLACES.keys())]
    for name in order:
        yield PLACES.get(name, name), [*_keys(known[name].__dict__["BINDINGS"])]


def owners(root: type[DOMNode] = DOMNode) -> Iterator[type[DOMNode]]:
    """The loaded classes of ours that have keys of their own."""
    for node in root.__subclasses__():
        if node.__module__.startswith("sticli.tui") and node.__dict__.get("BINDINGS"):
            yield node
        yield from owners(node)


def _keys(bindings: Iterable[BindingType]) -> Iterator[tuple[str, str]]:
    for binding in bindings:
        if isinstance(binding, Binding):
            yield keys(binding), meaning(binding)


def keys(binding: Binding) -> str:
    """As they are named on a keyboard: `j ↓`."""
    shown = binding.key_display and [binding.key_display]
    return " ".join(shown or (format_key(key.strip()) for key in binding.key.split(",")))


def meaning(binding: Binding) -> str:
    """What it does, in more words than fit into the footer where there are such."""
    return binding.tooltip or binding.description


def _columns() -> Iterator[Section]:
    """What the heads of tables mean, where one may wonder."""
    for name, found in (("sessions", sessions.COLUMNS), ("flash questions", flash.COLUMNS)):
        yield f"columns of {name}", [(one.head, one.meaning) for one in found if one.meaning]


def _legend() -> Iterator[tuple[str, str]]:
    for name, meaning in LEGEND:
        yield getattr(symbols(), name), meaning
