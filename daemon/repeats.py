"""Answers of before: what was asked of a state that has not changed since is not asked again.

Decoding is greedy, so the same question to the same tokens has the same answer.
"""

from collections import OrderedDict
from hashlib import sha256

import msgspec

from sticli import protocol
from sticli.daemon.messages import Done
from sticli.daemon.sessions import Session

Key = tuple[str, bytes, int, int, int]  # uid, digest of question and form, tokens, lines, window


class Repeats:
    """The newest answers, at most `most` a tenant, least recently used first to go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._model = ""  # sha256 of the one that answered
        self._held: dict[str, OrderedDict[Key, Done]] = {}

    def use(self, model: str) -> None:
        """Forget the answers of any other model (sha256) than this one."""
        if model != self._model:
            self._model = model
            self._held.clear()

    def find(self, session: Session, ask: protocol.Ask, lines: int) -> Done | None:
        """The answer that was given when the session had these lines, in the present window."""
        if not (held := self._held.get(session.record.tenant)):
            return None
        key = _key(session, ask, lines, session.window_from)
        if found := held.get(key):
            held.move_to_end(key)
        return found

    def keep(self, session: Session, ask: protocol.Ask, done: Done) -> None:
        """Remember an answer."""
        if self._most <= 0 or session.removed:
            return
        held = self._held.setdefault(session.record.tenant, OrderedDict())
        held[_key(session, ask, done.lines, done.window_from)] = done
        if len(held) > self._most:
            held.popitem(last=False)

    def forget(self, session: Session) -> None:
        """Drop all answers of a removed session."""
        held = self._held.get(session.record.tenant, OrderedDict())
        for key in [key for key in held if key[0] == session.uid]:
            del held[key]
        if not held:
            self._held.pop(session.record.tenant, None)


def _key(session: Session, ask: protocol.Ask, lines: int, window_from: int) -> Key:
    form = msgspec.json.encode(ask.form) if ask.form else b""
    asked = sha256(b"%s\0%s" % (form, ask.question.encode())).digest()  # a form may be large
    return session.uid, asked, ask.max_tokens, lines, window_from
