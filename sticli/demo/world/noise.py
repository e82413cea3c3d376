"""Lines that tell nothing of any subject, strewn into a feed."""

import random

from sticli.demo.world.dialect import Span
from sticli.demo.world.question import Feed, Question
from sticli.demo.world.series import Told

SAID = (
    "# reconnect", "# reconnected", "heartbeat", "--", "...", "# end of batch", "ping", "pong",
    "*** connection lost ***", "# log rotated", "[no data]", "-", "{", "# resync",
)  # fmt: skip
KEPT = ("# keepalive", "== idle ==", "// gap in the feed", "~")
SCRAPS = '{}[]",:;|=-0123456789'


class Noisy:
    """A feed with noise among its lines; it knows what that feed knows."""

    def __init__(self, feed: Feed, rng: random.Random, rate: float, *, held_out: bool) -> None:
        self.feed, self._rng, self._rate = feed, rng, rate
        self._said = SAID + KEPT if held_out else SAID
        self._noise = False

    def line(self) -> str:
        """The next line, without its newline, be it noise or not."""
        self._noise = self._rng.random() < self._rate
        if not self._noise:
            return self.feed.line()
        if self._rng.random() < 0.25:
            return "".join(self._rng.choices(SCRAPS, k=self._rng.randint(1, 9)))
        return self._rng.choice(self._said)

    @property
    def told(self) -> Told | None:
        """The number of the last line, if it told one."""
        return None if self._noise else getattr(self.feed, "told", None)

    @property
    def spans(self) -> list[Span]:
        """Where the fields of the last line stand; noise has none."""
        return [] if self._noise else getattr(self.feed, "spans", [])

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if nothing in the feed tells."""
        return self.feed.truth(text)

    def ask(self) -> Question:
        """A random question that can be asked now, of a random kind."""
        return self.feed.ask()
