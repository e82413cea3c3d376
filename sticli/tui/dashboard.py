"""The dashboard: its panes, its keys, and the one timer that hears news and has them drawn."""

import signal
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import ClassVar, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from sticli.client import Client
from sticli.errors import SticliError
from sticli.render import one_line, printable
from sticli.tui import errand, messages, places
from sticli.tui.answer import AnswerScreen
from sticli.tui.ask import HISTORY, AskScreen
from sticli.tui.confirm import ConfirmScreen, loss, remove
from sticli.tui.desk import Desk, Showing
from sticli.tui.details import DetailsScreen
from sticli.tui.help import HelpScreen
from sticli.tui.palette import Commands
from sticli.tui.question import QuestionScreen
from sticli.watch.news import Source
from sticli.watch.options import Options
from sticli.watch.state import State
from sticli.watch.symbols import ASCII, symbols


class Dashboard(App[None]):
    """Panes over one `State`; a pane posts messages, and only the app and screens do requests."""

    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar = {Commands}
    HORIZONTAL_BREAKPOINTS = places.COLUMNS
    VERTICAL_BREAKPOINTS = places.LINES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ask", "ask", tooltip="ask the chosen session"),
        Binding("f", "add_flash", "flash", tooltip="add a flash question"),
        Binding("p", "pin", "pin", tooltip="pin the chosen session, or let it go"),
        Binding("question_mark", "help", "help", key_display="?", tooltip="this help"),
        Binding("q", "quit", "quit"),
        Binding("slash", "filter", "filter sessions", show=False, key_display="/"),
        *(
            Binding(str(number), f"go('{name}')", f"to {name}", show=False)
            for number, name in enumerate(places.PANES, 1)
        ),
        Binding("colon,ctrl+p", "command_palette", "palette", show=False),
        Binding("ctrl+z", "suspend_process", "into the background", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        source: Source,
        options: Options,
        looked: Callable[["Dashboard"], None] | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.options = options
        self.state = State()
        self.desk = Desk(options)
        self.asked: deque[str] = deque(maxlen=HISTORY)  # questions of this run
        self.looks = 0  # at a daemon that is there, since the session was chosen
        self._looked = looked  # called after each look at what is new, once it is drawn

    def get_default_screen(self) -> Screen[None]:
        return self.desk

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.set_class(symbols() is ASCII, "-ascii")
        self.app_resume_signal.subscribe(self, self._resume)
        self.draw()
        self.source.start()
        self.set_interval(self.options.interval, self.tick)

    def _resume(self, app: App[None]) -> None:
        """The terminal has forgotten all: draw it all."""
        self.refresh(layout=True)

    def on_unmount(self) -> None:
        self.source.stop()

    def tick(self) -> None:
        """Hear what is new, and draw it."""
        news = self.source.take()
        if not news:
            return
        gone = self.state.lost
        for piece in news:
            self.state.fold(piece)
        if gone and not self.state.lost:
            self.tell("the daemon is back")
        self.looks += self.state.lost is None and self.state.status is not None
        self.draw()
        if self._looked:
            self.call_after_refresh(self._looked, self)

    def draw(self) -> None:
        """Have the panes, and the screen on top of them, look at the state."""
        self.desk.show(self.state)
        for screen in self.screen_stack[-1:]:
            if screen is not self.desk and hasattr(screen, "show"):
                cast("Showing", screen).show(self.state)

    def tell(self, text: str, severity: messages.Severity = "information") -> None:
        """Say something for a moment."""
        self.notify(text, severity=severity, markup=False)

    def action_go(self, name: str) -> None:
        """Move to a pane."""
        self.desk.go(name)

    def action_filter(self) -> None:
        """Choose sessions by their name."""
        self.desk.go("sessions")
        self.desk.sessions.action_filter()

    def action_help(self) -> None:
        """Show the keys and the symbols."""
        self.push_screen(HelpScreen())

    def action_ask(self) -> None:
        """Ask about the chosen session."""
        if session := self._needed():
            self.push_screen(AskScreen(self.source, session, self.asked))

    def action_add_flash(self) -> None:
        """Register a flash question."""
        if self._writable() and (session := self._needed()):
            self.push_screen(QuestionScreen(session, self.source))

    def action_pin(self) -> None:
        """Pin the chosen session, or let it go."""
        if self._writable() and (name := self._needed()):
            session = self.state.sessions.get(name)
            pinned = not (session and session.pinned)
            what = "pinned" if pinned else "no longer pinned"
            said = f"{one_line(name)} is {what}"
            self._do(lambda client: client.pin(name, pinned), said)

    def action_interrupt(self) -> None:
        """Leave as Ctrl-C does."""
        self.exit(return_code=128 + signal.SIGINT)

    def on_chosen(self, message: messages.Chosen) -> None:
        self.state.choose(message.session)
        self.looks = 0
        self.source.choose(message.session)
        self.draw()

    def on_asked(self, message: messages.Asked) -> None:
        if session := message.session or self._needed():
            self.push_screen(AskScreen(self.source, session, self.asked))

    def on_opened(self, message: messages.Opened) -> None:
        if message.flash is None:
            self.push_screen(DetailsScreen(self.source, self.state, message.session))
        else:
            self.push_screen(AnswerScreen(self.state, message.session, message.flash))

    def on_removed(self, message: messages.Removed) -> None:
        if not self._writable():
            return

        def confirmed(yes: bool | None) -> None:
            if yes:
                what = one_line(message.flash or message.session)
                self._do(partial(remove, message), f"{what} is deleted")

        self.push_screen(ConfirmScreen(*loss(message, self.state)), confirmed)

    def on_kept(self, message: messages.Kept) -> None:
        if self._writable():
            add = partial(Client.add_flash, name=message.session, request=message.request)
            self._do(add, f"a flash question of {one_line(message.session)} from now on")

    def on_notice(self, message: messages.Notice) -> None:
        self.tell(message.text, message.severity)

    def on_copied(self, message: messages.Copied) -> None:
        self.copy_to_clipboard(printable(message.text))  # pasted into a shell, say
        self.tell(f"copied {message.what}")

    def _do(self, do: errand.Do, said: str) -> None:
        """A request; a notice says how it went."""
        errand.send(self.source, do, lambda error: self.call_later(self._done, error, said))

    def _done(self, error: SticliError | None, said: str) -> None:
        if error is None:
            return self.tell(said)
        self.tell("\n".join(filter(None, (error.message, error.hint))), "error")

    def _writable(self) -> bool:
        if self.options.readonly:
            self.tell("read-only: nothing is changed from here", "warning")
        return not self.options.readonly

    def _needed(self) -> str | None:
        """The chosen session; says so where there is none."""
        if self.state.chosen is None:
            self.tell("there is no session to do that with", "warning")
        return self.state.chosen
