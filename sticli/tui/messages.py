"""What panes and screens tell the app: what the person wants; the app alone sees to it."""

from typing import Literal

from textual.message import Message

from sticli.protocol import NewFlash
from sticli.render import printable

Severity = Literal["information", "warning", "error"]


class Chosen(Message):
    """This session is looked at from now on."""

    def __init__(self, session: str | None) -> None:
        super().__init__()
        self.session = session


class Asked(Message):
    """The person wants to ask; None: about the chosen session."""

    def __init__(self, session: str | None = None) -> None:
        super().__init__()
        self.session = session


class Opened(Message):
    """The details of a session, or of one of its flash questions, are wanted."""

    def __init__(self, session: str, flash: str | None = None) -> None:
        super().__init__()
        self.session = session
        self.flash = flash


class Removed(Message):
    """A session, or one of its flash questions, is to go, once the person has confirmed it."""

    def __init__(self, session: str, flash: str | None = None) -> None:
        super().__init__()
        self.session = session
        self.flash = flash


class Copied(Message):
    """A text goes to the clipboard, harmless to paste; `what` names it for the notice."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = printable(text)
        self.what = what


class Notice(Message):
    """Something to say for a moment."""

    def __init__(self, text: str, severity: Severity = "information") -> None:
        super().__init__()
        self.text = text
        self.severity = severity


class Kept(Message):
    """What was asked is to be a flash question from now on."""

    def __init__(self, session: str, request: NewFlash) -> None:
        super().__init__()
        self.session = session
        self.request = request
