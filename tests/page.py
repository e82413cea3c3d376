"""man/sticli-errors.7: the errors of the program as a page, between marks of a page by hand."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from sticli.errors import REMEDIES
from tests.errors import Problem

MARKED = re.compile(r'(?<=^\.\\" begin )([\w ]+)\n(?:.*\n)*?(?=^\.\\" end)', re.MULTILINE)
BENCH = "sticli/bench/"
OURS = "sticli/errors.py"  # refused(): what the operating system says

# what holes are called where the source's own name says too little to a reader
NAMES = {
    "args": "words",
    "config_file": "file",
    "doc": "what the setting means",
    "filename": "file",
    "found": "what was found",
    "getattr": "value",
    "self": "engine",
    "str": "reason",
    "strerror": "reason",
    "why": "reason",
    "record": "session",
    "reason": "reason",
}
ESCAPES = {
    "\\": r"\e",
    "-": r"\-",
    "'": r"\(aq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
    "…": "...",
}


def filled(page: str, problems: Sequence[Problem]) -> str:
    """The page with every error put where its mark is."""
    return MARKED.sub(lambda found: found[1] + "\n" + _block(found[1], problems), page)


def marks(page: str) -> list[str]:
    """What the page has places for: codes, `bench` and `system`."""
    return [found[1] for found in MARKED.finditer(page)]


def _block(mark: str, problems: Sequence[Problem]) -> str:
    if mark == "system":
        return "".join(_system())
    return "".join(_entries(one for one in problems if _place(one) == mark))


def _place(problem: Problem) -> str:
    """The mark that an error belongs to; none where another's error goes on, or is to be read."""
    if not problem.code or not problem.message or problem.message.endswith("‹strerror›"):
        return ""
    return "bench" if problem.file.startswith(BENCH) else problem.code


def _system() -> Iterator[str]:
    """What to do about each refusal of the operating system that we know a remedy for."""
    for number, remedy in REMEDIES.items():
        yield f".TP\n{roff(os.strerror(number))}\n{sentence(remedy)}\n"


def _entries(problems: Iterable[Problem]) -> Iterator[str]:
    """A paragraph for each thing to do, under the messages that ask for it."""
    hints: dict[str, list[str]] = {}
    for problem in problems:
        hints.setdefault(problem.message, []).append(problem.hint)
    messages: dict[str, list[str]] = {}
    for message, remedies in hints.items():
        said = " Or: ".join(map(sentence, dict.fromkeys(filter(None, remedies))))
        messages.setdefault(said, []).append(message)
    for said, several in messages.items():
        lines = "\n.br\n".join(f"\\fB{roff(message, 'B')}\\fR" for message in several)
        yield f".PP\n{lines}\n" + (f".RS\n{said}\n.RE\n" if said else "")


def sentence(hint: str) -> str:
    """A hint as it stands in the page: what is typed is bold."""
    marked = re.sub(r"`([^`]*)`", "\x01\\1\x02", hint)
    text = roff(marked[:1].upper() + marked[1:] if marked[:1].isalpha() else marked)
    text = text.replace("\x01", r"\fB").replace("\x02", r"\fR")
    return text if text.endswith((".", "?")) else text + "."


def roff(text: str, around: str = "R") -> str:
    """Text as roff takes it, holes in italics."""
    safe = "".join(ESCAPES.get(letter, letter) for letter in text)
    named = re.sub("‹([^›]*)›", lambda hole: rf"\fI{_called(hole[1])}\f{around}", safe)
    return r"\&" + named if named.startswith((".", "\\(aq")) else named


def _called(name: str) -> str:
    return NAMES.get(name, name).replace("_", " ")
