"""What man pages hold of the program itself, between marks of pages that are written by hand."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from sticli.errors import CODES, REMEDIES
from tests.errors import Problem
from tests.notes import TROUBLE

MARKED = re.compile(r'(?<=^\.\\" begin )([\w ]+)\n(?:.*\n)*?(?=^\.\\" end)', re.MULTILINE)
BENCH = "sticli/bench/"
OURS = "sticli/errors.py"  # refused(): what the operating system says

# what holes are called where the source's own name says too little to a reader
NAMES = {
    "args": "words",
    "config_file": "file",
    "doc": "what the setting means",
    "environ": "value",
    "filename": "file",
    "found": "what was found",
    "getattr": "value",
    "self": "engine",
    "str": "reason",
    "strerror": "reason",
    "why": "reason",
    "record": "session",
    "known": "those that there are",
    "names": "those that there are",
    "shapes": "those that there are",
    "types": "those that there are",
    "plural": "number of them",
    "which": "those it may be",
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
    """The page with all that belongs between its marks."""
    return MARKED.sub(lambda found: found[1] + "\n" + _block(found[1], problems), page)


def marks(page: str) -> list[str]:
    """What the page has places for."""
    return [found[1] for found in MARKED.finditer(page)]


def _block(mark: str, problems: Sequence[Problem]) -> str:
    if mark in TABLES:
        return "".join(f".TP\n{head}\n{sentence(text)}\n" for head, text in TABLES[mark]())
    return "".join(_entries(one for one in problems if _place(one) == mark))


def _place(problem: Problem) -> str:
    """The mark that an error belongs to; none where another's error goes on, or is to be read."""
    if not problem.code or not problem.message or problem.message.endswith("‹strerror›"):
        return ""
    return "bench" if problem.file.startswith(BENCH) else problem.code


def _system() -> Iterator[tuple[str, str]]:
    """What to do about each refusal of the operating system that we know a remedy for."""
    for number, remedy in REMEDIES.items():
        yield roff(os.strerror(number)), remedy


def _notes() -> Iterator[tuple[str, str]]:
    """The notes that tell of trouble."""
    for note, remedy in TROUBLE.items():
        yield rf"\fB{roff(note.rstrip(': '), 'B')}\fR", remedy


def _codes() -> Iterator[tuple[str, str]]:
    """Each code with its HTTP status and the exit status of a command."""
    for code, (status, exit_code) in CODES.items():
        yield rf"\fB{code}\fR", f"HTTP {status}, exit status {exit_code}"


def _metrics() -> Iterator[tuple[str, str]]:
    """What /metrics shows."""
    from sticli.daemon.metrics import FAMILIES

    for family in FAMILIES:
        yield rf"\fB{family.name}\fR ({family.kind})", family.help


def _keys() -> Iterator[tuple[str, str]]:
    """The keys of the dashboard, and where they work."""
    import sticli.tui.app
    from sticli.tui.help import sections

    assert sticli.tui.app
    for place, keys in sections():
        text = "; ".join(f"`{key}` {meaning}" for key, meaning in keys)
        yield roff(place[:1].upper() + place[1:]), text


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


TABLES = {"notes": _notes, "system": _system, "codes": _codes, "metrics": _metrics, "keys": _keys}
