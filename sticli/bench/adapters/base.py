"""What the bench asks of an engine under test; each adapter is one file, read in a minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sticli.bench.schedule import Question

# by their names on the command line: as the report calls them
NAMES = {
    "live": "sticli live",
    "flash": "sticli flash",
    "ready": "sticli ready",
    "bare": "bare",
    "reuse": "llama.cpp reuse",
    "stateless": "llama.cpp stateless",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, as it came; times are of `time.perf_counter`."""

    text: str
    asked: float  # when the question was put to the engine
    first: float  # when its first token was there
    last: float
    prompt: int  # tokens
    computed: int | None  # of the prompt, after the question was put; None: it does not tell
    tokens: int  # of the answer
    lines: int  # of the session that it saw
    stall: float = 0.0  # the longest gap between two tokens
    source: str = ""


class Adapter(Protocol):
    """One engine under test, with sessions that grow by lines.

    The player calls `append` of a session from one thread and `ask` from another, and those of
    different sessions from different threads: an engine that can do only one thing at a time
    makes the others wait, as it would make its users wait.
    """

    name: str  # as the report calls it: "sticli live", "llama.cpp reuse"
    detail: Mapping[str, str]  # what it is and every setting, for the report

    def open(self, session: str, standing: Sequence[Question] = ()) -> None:
        """A new, empty session; `standing` questions are those known ahead, where that helps."""

    def append(self, session: str, lines: Sequence[str]) -> None:
        """Lines arrive; back when the engine has taken them, not when they are computed."""

    def settle(self, session: str) -> None:
        """Back when all that can be computed before a question is; standing questions too."""

    def ask(self, session: str, question: Question) -> Reply:
        """The answer to a question about all lines so far, or those that the engine has read.

        Raises:
            SticliError: it gives none.
        """

    def settled(self, session: str) -> Sequence[tuple[int, float]] | None:
        """(lines of the session in its cache, when that was known), as it grew; None: no cache."""

    def drop(self, session: str) -> None:
        """The session ends, with all that it holds."""

    def processes(self) -> Sequence[int]:
        """Ids of the processes that do the work."""

    def close(self) -> None:
        """The engine ends."""
