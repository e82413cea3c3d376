"""Asking from inside the dashboard: the answer appears as it is made."""

from collections import deque
from threading import Thread
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sticli.errors import SticliError
from sticli.protocol import Answer, NewFlash
from sticli.render import one_line
from sticli.tui.asking import SYNTAX, Asking, Piece, Told, Wait, read
from sticli.tui.keys import Keys
from sticli.tui.messages import Kept
from sticli.tui.sheet import Sheet
from sticli.watch.news import Source
from sticli.watch.words import detail, remarks

HISTORY = 100  # questions that are remembered


class AskScreen(ModalScreen[None]):
    """One question at a time; Escape gives up the one that runs, or goes back.

    `asked` holds the questions of this run, the newest last.
    """

    DEFAULT_CSS = """
    AskScreen { align: center middle; }
    AskScreen > Vertical {
        width: 94%; max-width: 120; height: 80%; border: round $accent; background: $surface;
    }
    AskScreen Input { height: 1; border: none; padding: 0 1; background: $boost; }
    AskScreen Sheet { height: 1fr; border: none; padding: 1 1 0 1; }
    AskScreen .quiet { height: auto; padding: 0 1; color: $foreground 60%; }
    AskScreen .quiet.-failed { color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back"),
        Binding("a", "again", "ask again"),
        Binding("f", "keep", "keep as flash question"),
        Binding("up", "recall(-1)", "earlier question", show=False),
        Binding("down", "recall(1)", "later question", show=False),
        Binding("f1", "syntax", "options"),
    ]

    class Heard(Message):
        """Something came of the question on its way."""

        def __init__(self, asking: Asking, told: Told) -> None:
            super().__init__()
            self.asking = asking
            self.told = told

    def __init__(self, source: Source, session: str, asked: deque[str] | None = None) -> None:
        super().__init__()
        self._source = source
        self._session = session
        self._asked = deque[str](maxlen=HISTORY) if asked is None else asked
        self._place = len(self._asked)  # in them; at their end is what is being typed
        self._typed = ""
        self._asking: Asking | None = None  # the newest question
        self._busy = False
        self._answer = ""
        self._line = Input(placeholder="ask, and Enter", compact=True, select_on_focus=False)
        self._line.cursor_blink = False  # a blink wakes an idle program
        self._sheet = Sheet("", "the answer")
        self._quiet = Static(classes="quiet", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical() as card:
            card.border_title = Content(f"ask {one_line(self._session)}")
            yield self._line
            yield self._sheet
            yield self._quiet
        yield Keys()

    def on_mount(self) -> None:
        self._line.focus()
        self.action_syntax()

    def on_unmount(self) -> None:
        self._give_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are typed, unless the answer has the focus."""
        reading = self.focused is self._sheet
        if action == "recall":
            return not reading
        if action == "keep":
            return reading and not self._busy and self._asking is not None
        return reading if action == "again" else True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text:
            self._give_up()
            self._ask(text)

    def _ask(self, text: str) -> None:
        try:
            asking = Asking(self._source, self._session, read(text))
        except SticliError as error:
            return self._say(f"{error.message}: {error.hint}", failed=True)
        self._remember(text)
        self._asking, self._busy, self._answer = asking, True, ""
        self._sheet.write("")
        self._say("asked…")
        self._sheet.focus()
        told = lambda word: self.post_message(self.Heard(asking, word))  # noqa: E731
        Thread(target=asking.run, args=(told,), daemon=True).start()

    def _remember(self, text: str) -> None:
        if not self._asked or self._asked[-1] != text:
            self._asked.append(text)
        self._place, self._typed = len(self._asked), ""

    def on_ask_screen_heard(self, message: Heard) -> None:
        message.stop()
        if message.asking is not self._asking or message.asking.cancelled:
            return
        told = message.told
        if isinstance(told, Piece):
            self._answer += told.text
            self._sheet.write(self._answer)
        elif isinstance(told, Wait):
            self._say(f"{told.message}…")
        elif isinstance(told, Answer):
            self._sheet.write(told.answer)
            self._end("\n".join([detail(told), *remarks(told, past=message.asking.ask.at)]))
        else:
            self._end("\n".join(filter(None, (told.message, told.hint))), failed=True)

    def _end(self, text: str, *, failed: bool = False) -> None:
        self._busy = False
        self._say(text, failed=failed)
        self.refresh_bindings()

    def _say(self, text: str, *, failed: bool = False) -> None:
        lines = (one_line(line) for line in text.split("\n"))
        self._quiet.update(Content("\n".join(lines)))
        self._quiet.set_class(failed, "-failed")

    def _give_up(self) -> None:
        if self._asking and self._busy:
            self._asking.cancel()
            self._end("given up")

    def action_back(self) -> None:
        """Give up the question that runs; without one, leave."""
        if self._busy:
            self._give_up()
            self._line.focus()
        else:
            self.dismiss()

    def action_again(self) -> None:
        """Type another question."""
        self._line.value = ""
        self._line.focus()

    def action_recall(self, step: int) -> None:
        """Bring back a question of before."""
        if self._place == len(self._asked):
            self._typed = self._line.value
        self._place = min(max(self._place + step, 0), len(self._asked))
        old = self._place < len(self._asked)
        self._line.value = self._asked[self._place] if old else self._typed
        self._line.cursor_position = len(self._line.value)

    def action_keep(self) -> None:
        """Have it answered after every change."""
        if self._asking:
            ask = self._asking.ask
            self.post_message(Kept(self._session, NewFlash(ask.question, form=ask.form)))

    def action_syntax(self) -> None:
        """Say what may be typed besides the question."""
        width = max(len(option) for option, _ in SYNTAX)
        lines = [f"{option.ljust(width)}  {meaning}" for option, meaning in SYNTAX]
        self._sheet.write("\n".join(["before or behind the question:", *lines]))
