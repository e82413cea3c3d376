"""All that is known of a session: what `sticli show` and `sticli explain` print."""

from contextlib import closing
from threading import Thread
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen

from sticli.commands.show import account, facts, feeds
from sticli.errors import SticliError
from sticli.protocol import Account, Feed
from sticli.render import columns, one_line
from sticli.tui.keys import Keys
from sticli.tui.sheet import Sheet
from sticli.watch.news import Source
from sticli.watch.state import State


class DetailsScreen(ModalScreen[None]):
    """The facts follow the state; feeds and the worker's account come once, and again with `r`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "back"),
        Binding("r", "look", "look again"),
    ]

    class Explained(Message):
        """The worker's account came, or why there is none."""

        def __init__(self, found: Account | SticliError, feeds: list[Feed]) -> None:
            super().__init__()
            self.found = found
            self.feeds = feeds

    def __init__(self, source: Source, state: State, session: str) -> None:
        super().__init__()
        self._source = source
        self._session = session
        self._state = state
        self._account = "asking the worker…"
        self._feeds: list[Feed] = []
        self._sheet = Sheet(f"session {one_line(session)}", "what is known of the session")
        self.show(state)

    def compose(self) -> ComposeResult:
        yield self._sheet
        yield Keys()

    def on_mount(self) -> None:
        self._sheet.focus()
        self.action_look()

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._state = state
        session = state.sessions.get(self._session)
        rows = [("state", "this session is gone")]
        if session:
            rows = [*facts(session, state.at), *feeds(self._feeds, state.at)]
        told = columns([(name, one_line(value)) for name, value in rows])
        self._sheet.write(f"{told}\n{self._account}")

    def action_look(self) -> None:
        """Ask the worker where the tokens are."""
        Thread(target=self._explain, daemon=True).start()

    def _explain(self) -> None:
        found: Account | SticliError
        fed: list[Feed] = []
        try:
            with closing(self._source.client()) as client:
                fed = client.feeds(self._session)
                found = client.explain(self._session)
        except SticliError as error:
            found = error
        self.post_message(self.Explained(found, fed))

    def on_details_screen_explained(self, message: Explained) -> None:
        found, self._feeds = message.found, message.feeds
        if isinstance(found, SticliError):
            self._account = "\n".join(filter(None, (found.message, found.hint)))
        else:
            self._account = "\n".join(one_line(line) for line in account(found))
        self.show(self._state)
