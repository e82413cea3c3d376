"""How a session's data and questions are put to the model: the chat template, split."""

import subprocess
import sys
from dataclasses import dataclass

import msgspec

from sticli.daemon.engines.base import Vocabulary
from sticli.daemon.worker.rendering import Parts, Source, plain

SYSTEM = "You read a stream of lines. Answer the question after them from what they say, briefly."
WALL_SECONDS = 60  # only for a machine that is very busy; the child bounds its own CPU time


@dataclass(frozen=True, slots=True)
class Frame:
    """How one session's data and questions are put to the model, as tokens and text."""

    prefix: tuple[int, ...]
    lead: str  # before a question
    trail: str  # after it, as plain text
    after: tuple[int, ...]  # after it, control tokens included
    one_line: bool  # an answer ends with its line

    def tail(self, question: str, vocabulary: Vocabulary) -> list[int]:
        """The tokens of a question; what is written in it stays text."""
        return [*vocabulary.encode(self.lead + question + self.trail), *self.after]


def split(vocabulary: Vocabulary) -> Parts:
    """The parts of the vocabulary's template, or the plain form where it has none that works."""
    if not vocabulary.template:
        return plain()
    source = Source(vocabulary.template, vocabulary.bos, vocabulary.eos)
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "sticli.daemon.worker.rendering"],
            input=msgspec.json.encode(source),
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
        )
        if child.returncode == 0:
            return msgspec.json.decode(child.stdout, type=Parts)
        reason = "its template takes too much time or memory"
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        reason = "its template does not end"
    return plain(reason)


def frame(parts: Parts, system: str | None, vocabulary: Vocabulary) -> Frame:
    """The frame of a session with these instructions; None takes the default ones."""
    text = SYSTEM if system is None else system
    prefix = parts.head + (text if parts.has_system else "") + parts.middle
    if parts.plain and not text:
        prefix = ""
    ids, start = vocabulary.encode(prefix, special=True), vocabulary.start()
    if ids[: len(start)] != start:
        ids = start + ids
    after = tuple(vocabulary.encode(parts.after, special=True)) if parts.after else ()
    lead, trail = ("\nQuestion: ", "\nAnswer:") if parts.plain else ("\n", "")
    return Frame(tuple(ids), lead, trail, after, one_line=parts.plain)
