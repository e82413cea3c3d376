"""Cells that a session had and lost, computed anew from its tokens before it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sticli.daemon.engines.base import Seq

if TYPE_CHECKING:
    from sticli.daemon.worker.sessions import Session


@dataclass(slots=True, eq=False)
class Replay:
    """Fills `seq` up to where the session was; for the front nothing changes meanwhile."""

    session: "Session"
    seq: Seq
    length: int  # tokens in the sequence
    source: Literal["ingest"] = "ingest"

    @property
    def done(self) -> bool:
        return self.length >= self.session.length

    def waiting(self, most: int) -> int:
        """Tokens that can be computed now, at most `most`."""
        return min(most, self.session.length - self.length)

    def take(self, count: int) -> Sequence[int]:
        """The next `count` of them."""
        return self.session.tokens[self.length : self.length + count]

    def wants(self, count: int) -> Literal["none"]:
        return "none"
