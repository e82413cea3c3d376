"""An answer of an OpenAI-compatible server, as its pieces come in."""

from dataclasses import dataclass, field

import msgspec

from sticli.bench.adapters.events import Chunk, Usage
from sticli.errors import SticliError

DONE = b"[DONE]"


@dataclass(slots=True)
class Hearing:
    """What was heard so far; times are of `time.perf_counter`."""

    pieces: list[str] = field(default_factory=list)
    first: float | None = None  # when the first token was there, or the end where it is empty
    last: float = 0.0  # when the answer was known to be over, or its last piece until then
    stall: float = 0.0
    usage: Usage | None = None

    def hear(self, data: bytes, now: float) -> None:
        """Take the next event, which came just now.

        Raises:
            SticliError: it tells of an error, or cannot be read.
        """
        if data == DONE:
            return
        try:
            chunk = msgspec.json.decode(data, type=Chunk)
        except msgspec.DecodeError as error:
            raise SticliError(
                "bad_request",
                f"an event of the server is not understood: {error}",
                "`sticli bench peers` lists the servers that are known to work",
            ) from None
        if chunk.error:
            raise SticliError(
                "bad_request", f"the server answers: {chunk.error}", "see the log of the server"
            )
        self.usage = chunk.usage or self.usage
        for choice in chunk.choices:
            if choice.said or choice.finish_reason:  # a chat begins with an empty piece
                self._piece(choice.said, now)

    def _piece(self, text: str, now: float) -> None:
        if self.first is None:
            self.first = now
        else:
            self.stall = max(self.stall, now - self.last)
        self.last = now
        if text:
            self.pieces.append(text)
