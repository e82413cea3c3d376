"""A feed of the user's own: loading the file that defines it, and playing it before it is trusted.

The file is Python and runs as what it is: the user's own program.
"""

import importlib.util
import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sticli.demo.world.question import Question
from sticli.demo.world.simulate import Feed, Make
from sticli.errors import SticliError

LINES, EVERY = 300, 10  # lines that are played, and how many of them before each question
LONGEST = {"line": 400, "kind": 40, "question": 200, "right answer": 60}  # bytes of UTF-8
EXAMPLE = Path(__file__).parent / "examples" / "greenhouse.py"


def load(path: Path) -> Make:
    """The `feed` of a file, once it has been played.

    Raises:
        SticliError: not_found, or bad_request: what is wrong with it, and where.
    """
    if not path.is_file():
        raise SticliError("not_found", f"--feed: no file {path}", "check the path")
    found = importlib.util.spec_from_file_location("sticli_own_feed", path)
    if found is None or found.loader is None:
        raise _wrong(path, "its name does not end in .py")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up there
    sys.path.insert(0, str(path.parent.absolute()))  # as if it were run: what lies beside it
    with blamed(path):
        found.loader.exec_module(module)
    make: Make | None = getattr(module, "feed", None)
    if make is None or not callable(make):
        raise _wrong(path, "it defines no function feed(rng, held_out)")
    checked: Make = partial(_checked, path, make)
    for held_out in (False, True):
        _check(path, checked, held_out)
    return checked


class Checked:
    """A user's feed, all of whose lines and questions are looked at."""

    def __init__(self, path: Path, feed: Feed) -> None:
        self.feed = feed
        self._path = path

    def line(self) -> str:
        """The next line."""
        return _text(self._path, "line", self.feed.line())

    def truth(self, text: str) -> str:
        """The true answer to a question now."""
        return _text(self._path, "right answer", self.feed.truth(text))

    def ask(self) -> Question:
        """A question that can be asked now."""
        path, question = self._path, self.feed.ask()
        if not isinstance(question, Question):
            kind = type(question).__name__
            raise _wrong(path, f"ask() gives a {kind}, no sticli.demo.world.question.Question")
        _text(path, "kind", question.kind)
        _text(path, "question", question.text)
        _text(path, "right answer", question.truth)
        return question


def _checked(path: Path, make: Make, rng: random.Random, *, held_out: bool) -> Feed:
    return Checked(path, make(rng, held_out=held_out))


def _check(path: Path, make: Make, held_out: bool) -> None:
    """Play the feed, and play it again: the same seed has to say the same."""
    with blamed(path):
        played = [list(_played(path, make(random.Random(7), held_out=held_out))) for _ in "12"]
    if played[0] != played[1]:
        raise _wrong(path, "two feeds of one seed differ: draw all chance from rng")


def _played(path: Path, feed: Feed) -> Iterator[str]:
    """The lines, and some questions between them."""
    for number in range(LINES):
        yield feed.line()
        if number % EVERY == EVERY - 1:
            question = feed.ask()
            yield f"{question.text} {question.truth}"
            if (truth := feed.truth(question.text)) != question.truth:
                told = f"ask() says {question.truth!r} and truth() says {truth!r}"
                raise _wrong(path, f"to {question.text!r} {told}")


def _text(path: Path, what: str, found: object) -> str:
    """A text of one line, not empty and not too long."""
    if not (isinstance(found, str) and found.strip() and found.splitlines() == [found]):
        raise _wrong(path, f"a {what} has to be a text of one line: {found!r}")
    if what == "right answer" and found != found.strip():
        raise _wrong(path, f"a {what} has no space around it: {found!r}")
    size, most = len(found.encode()), LONGEST[what]
    if size > most:
        raise _wrong(path, f"a {what} of {size} bytes: {most} are the most")
    return found


@contextmanager
def blamed(path: Path, *, wholly: bool = True) -> Iterator[None]:
    """Blames what is raised on the user's file, and says where in it; unless `wholly`, only what
    its own lines led to.

    Raises:
        SticliError: bad_request: what was raised, and where.
    """
    try:
        yield
    except SticliError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        if not (lines or wholly):
            raise
        line = lines[-1] if lines else getattr(error, "lineno", None)
        where = f"line {line}: " if line else ""
        raise _wrong(path, f"{where}{type(error).__name__}: {error}") from error


def _wrong(path: Path, why: str) -> SticliError:
    return SticliError(
        "bad_request",
        f"{path}: {why}",
        "sticli/demo/learning/examples/greenhouse.py is one that works",
    )
