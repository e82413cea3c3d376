"""Where in a feed the answer to a question stands, token by token.

Most answers are copied: a value, a name, a message. That a digit is right says little of where it
was copied from, as every digit stands in a hundred places; so training also says where to look.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from sticli.demo.learning import vocabulary
from sticli.demo.world.access import Access
from sticli.demo.world.logs import Logs
from sticli.demo.world.market import Market
from sticli.demo.world.noise import Noisy
from sticli.demo.world.question import NONE, Feed, Question, recognise
from sticli.demo.world.sensors import Sensors

MOST = 16  # places of one token at most, the newest
NEWEST = frozenset({
    "last_value", "last_size", "last_side", "last_status", "value_time", "service_state",
    "error_of",
})  # fmt: skip
COPIED = NEWEST | {"high", "low", "first_value", "previous_value", "high_k", "low_k"}
# What is decided from the answer to another question.
DECIDED = {
    "trend": "last price of {}?", "is_up": "last price of {}?",
    "is_state": "state of {}?", "has_failed": "last error of {}?",
}  # fmt: skip
# Which of several places in a line: a name stands before what is told of it, of a candle's prices
# the opening one first, the last one last.
_ONLY = {
    **dict.fromkeys(("error_service", "last_name", "last_failed", "first_value"), slice(1)),
    **dict.fromkeys(("last_value", "previous_value"), slice(-1, None)),
}
TIMES = frozenset({"value_time", "error_time"})
# These may stand before what tells that they are sought: then one has to look at that first.
LED = TIMES | {"error_service", "last_failed"}
_FAILED = re.compile(r"(?<![\d.,:/-])50[0234](?![\d.])")
_TIME = re.compile(r"\d+(?:[:/T-]\d+)+")

Places = list[list[int]]  # of the tokens of an answer; of a decision, of its first one


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a feed, its tokens, and where the first of them stands in the feed."""

    text: str
    ids: list[int]
    start: int

    def places(self, truth: str, answer: list[int], *, timed: bool = False) -> list[int]:
        """Where each of these texts begins that is spelled like the answer, outside of times unless
        `timed`.
        """
        text = self.text if timed else _TIME.sub(lambda found: "\0" * len(found[0]), self.text)
        pieces = [len(vocabulary.TOKENS[index]) for index in self.ids]
        begins = [0, *accumulate(pieces)]
        found = list[int]()
        for match in bounded(truth).finditer(text):
            at = next(at for at, begin in enumerate(begins) if begins[at + 1] > match.start())
            if [*map(_plain, self.ids[at : at + len(answer)])] == [*map(_plain, answer)]:
                found.append(self.start + at)
        return found


def places(feed: Feed, lines: Sequence[Line], question: Question, answer: list[int]) -> Places:
    """The places in the lines that an answer, without its end, may be copied from or found through,
    or where what it is decided from stands; nothing if that is not known, as of all feeds that are
    not simulated here.
    """
    truth, clean = question.truth, feed.feed if isinstance(feed, Noisy) else feed
    if truth == NONE or not isinstance(clean, Access | Logs | Market | Sensors):
        return []
    if question.kind in DECIDED:
        seen = _decided(feed, lines, question)
        return [seen] if seen else []
    timed, only = question.kind in TIMES, _ONLY.get(question.kind, slice(None))
    told = _lines(feed, lines, question)
    starts = [at for line in told for at in line.places(truth, answer, timed=timed)[only]]
    if not starts:
        return []
    found = [[at + step for at in starts[-MOST:]] for step in range(len(answer))]
    if question.kind in LED:
        telling = [at for at in _telling(feed, told[-1], question) if at > starts[-1]]
        found[0] = [starts[-1], *telling][:MOST]
    if question.kind == "previous_value":
        _through_the_last(feed, lines, question, answer, found)
    return found


def _telling(feed: Feed, line: Line, question: Question) -> list[int]:
    """Where in its line stands what tells that an answer is sought: a name, a status, an error."""
    text = feed.truth("last error?") if question.kind.startswith("error") else ""
    if question.kind == "value_time":
        text = recognise(question.text, (question.kind,)).name
    elif failed := _FAILED.search(line.text):
        text = text or failed[0]
    ids = vocabulary.encode(text)
    return [at + step for at in line.places(text, ids) for step in range(len(ids))]


def _through_the_last(
    feed: Feed, lines: Sequence[Line], question: Question, answer: list[int], found: Places
) -> None:
    """Adds the places in the last value, which is easier found, and knows how the one before it
    goes on: as far as both begin alike, and what follows there.
    """
    name = recognise(question.text, (question.kind,)).name
    last = vocabulary.encode(truth := feed.truth(f"last price of {name}?"))
    newest = _with(_with(lines, name), truth)[-1:]
    for at in [at for line in newest for at in line.places(truth, last)[-1:]]:
        for step, places in enumerate(found):
            if step < len(last) and answer[:step] == last[:step]:
                places.append(at + step)


def _lines(feed: Feed, lines: Sequence[Line], question: Question) -> list[Line]:
    """The lines that an answer may be copied from, oldest first."""
    kind, truth = question.kind, question.truth
    if kind == "last_name":
        return _with(lines, truth)[-1:]
    if kind == "last_error":
        return _with(_with(lines, feed.truth("which service failed last?")), truth)[-1:]
    if kind == "last_failed":
        return [line for line in _with(lines, truth) if _FAILED.search(line.text)][-1:]
    if kind in ("error_service", "error_time"):
        return _with(_with(lines, feed.truth("last error?")), truth)[-1:]
    if kind not in COPIED:
        return []
    asked = recognise(question.text, (kind,))
    own = _with(lines, asked.name)
    if kind == "previous_value":
        return own[-2:-1]
    told = _with(own[-asked.k :], truth)  # all of them where k is 0
    if kind in NEWEST:
        return told[-1:]
    return told[:1] if kind == "first_value" else told


def _decided(feed: Feed, lines: Sequence[Line], question: Question) -> list[int]:
    """Where the value or the words that decide stand, the newest time."""
    name = recognise(question.text, (question.kind,)).name
    told = feed.truth(DECIDED[question.kind].format(name))
    if told == NONE:
        return []
    ids = vocabulary.encode(told)
    newest = _with(_with(lines, name), told)[-1:]
    starts = [at for line in newest for at in line.places(told, ids)[-1:]]
    return [at + step for at in starts for step in range(len(ids))][:MOST]


def _with(lines: Sequence[Line], text: str) -> list[Line]:
    """Those of the lines that have a text in them."""
    told = bounded(text)
    return [line for line in lines if told.search(line.text)]


@lru_cache(1024)
def bounded(text: str) -> re.Pattern[str]:
    """A name, a number or words, not as a part of longer ones; a number may have a unit after."""
    if text.lstrip("-")[:1].isdigit():
        return re.compile(rf"(?<![\w#-])(?<!\w\.){re.escape(text)}(?!\d|\.\d)")
    longer = r"\w|[-.]\w|/\w" if text.startswith("/") else r"\w|[-.]\w"
    return re.compile(rf"(?<!\w)(?<!\w[-.]){re.escape(text)}(?!{longer})")


def _plain(index: int) -> str:
    return vocabulary.TOKENS[index].removeprefix("Ġ")
