"""Asks an exported model about feeds it has never seen, and writes every answer down:
`python -m sticli.demo.exam.evaluate --out answers.jsonl`, which goes on where it was stopped.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from sticli.demo.exam import record
from sticli.demo.exam.group import GROUPS
from sticli.demo.exam.reader import Answer, Reader
from sticli.demo.exam.record import Answered, Played, Source
from sticli.demo.learning import vocabulary
from sticli.demo.world.question import Question
from sticli.demo.world.simulate import Feed, Make, make_feed
from sticli.models import gap
from sticli.models.find import embedded_model
from sticli.models.header import read_header

MODEL = embedded_model()
LENGTHS = (256, 512, 1024, 2048, 4096, 8192, 12288)
SHORT, LONG = 2048, 8192  # tokens, where feeds end, but for
LONGER, LONGEST = 4, 20  # every so many of them, that go on to LONG, and to the last length
POINTS = 2  # of a length at which a feed is asked, in the last tenth of it
SHAPE = (
    *("block_count", "embedding_length", "attention.head_count", "feed_forward_length"),
    *("rope.freq_base", "context_length"),
)
TRAINING = ("seed", "step", "scale", "seconds")  # as far as the file says
NEAR = 3  # last lines of a feed that are kept of a wrong answer
COPIED = GROUPS["lookups"] | GROUPS["times"]  # kinds whose answers stand in a line


@dataclass(frozen=True, slots=True)
class Sitting:
    """One feed to be played, up to so many tokens, with so many questions at a point."""

    number: int
    held_out: bool
    longest: int
    questions: int

    def feed(self, make: Make) -> Feed:
        """Always the same one; training draws its feeds from other seeds."""
        return make(random.Random(f"evaluation {self.number}"), held_out=self.held_out)


@dataclass
class Page:
    """A feed as far as the reader has read it; `longest` is the tokens of its longest line."""

    reader: Reader
    feed: Feed
    lines: list[str]
    longest: int = 16

    def fill(self, tokens: int) -> None:
        """Read whole lines on, up to `tokens` tokens."""
        ids = list[int]()
        while self.reader.tokens + len(ids) + self.longest <= tokens:
            self.lines.append(self.feed.line())
            line = vocabulary.line_ids(self.lines[-1])
            ids += line
            self.longest = max(self.longest, len(line))
        if ids:
            self.reader.append(ids)

    def ask(self, length: int, questions: int) -> Iterator[Answered]:
        """Put random questions, none of them twice."""
        chosen = {one.text: one for one in (self.feed.ask() for _ in range(questions))}
        for question, answer in zip(chosen.values(), self.reader.ask(list(chosen)), strict=True):
            near = () if answer.text == question.truth else self._near(question)
            yield _asked(question.kind, length, question.text, question.truth, answer, near)

    def _near(self, question: Question) -> tuple[str, ...]:
        """The last lines, and ahead of them the one that the right answer is copied from."""
        last, earlier = self.lines[-NEAR:], self.lines[:-NEAR]
        if question.kind not in COPIED:
            return tuple(last)
        truth = re.compile(rf"(?<!\w){re.escape(question.truth)}(?!\w)")
        found = next((line for line in reversed(earlier) if truth.search(line)), "")
        return (found, *last) if found and not any(map(truth.search, last)) else tuple(last)


def _asked(
    kind: str, length: int, text: str, truth: str, answer: Answer, near: tuple[str, ...]
) -> Answered:
    lead = round(answer.lead, 3)
    return Answered(kind, length, text, truth, answer.text, answer.first, lead, near)


def play(reader: Reader, sitting: Sitting, make: Make = make_feed) -> Played:
    """Ask about one feed as it grows: in the last tenth of each length."""
    page = Page(reader, sitting.feed(make), [])
    reader.reset()
    found = list[Answered]()
    for length in (length for length in LENGTHS if length <= sitting.longest):
        for point in range(POINTS):
            page.fill(length - round(0.1 * length * (POINTS - 1 - point) / POINTS))
            found += page.ask(length, sitting.questions)
    sort = type(getattr(page.feed, "feed", page.feed)).__name__.lower()
    return Played(sitting.number, sitting.held_out, sort, tuple(found))


def sittings(feeds: int, questions: int, first: int = 0) -> list[Sitting]:
    """So many held-out feeds, and a fourth as many of the sorts that training draws; `first` is the
    number of the first of them."""
    return [
        Sitting(number, held_out, _longest(number), questions)
        for number in range(first, first + feeds)
        for held_out in (True, False)
        if held_out or number - first < feeds // 4
    ]


def _longest(number: int) -> int:
    """Where a feed ends."""
    if number % LONGEST == 0:
        return LENGTHS[-1]
    return SHORT if number % LONGER else LONG


@cache
def _reader(path: Path, threads: int) -> Reader:
    return Reader(path, context=LENGTHS[-1], threads=threads)


def _play(path: Path, sitting: Sitting) -> Played:
    """The same in a process that keeps its reader."""
    return play(_reader(path, 1), sitting)


def measure(path: Path, wanted: Sequence[Sitting], jobs: int) -> Iterator[Played]:
    """Play each in one of `jobs` processes of one thread."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_play, [path] * len(wanted), wanted)


def source(path: Path, questions: int, first: int = 0) -> Source:
    """What is said of the model that is asked."""
    reader, data = Reader(path, threads=1), path.read_bytes()
    name = reader.metadata("general.name")
    shape = {key: reader.metadata(f"llama.{key}") for key in SHAPE}
    training = {key: reader.metadata(f"sticli.training.{key}") for key in TRAINING}
    reader.close()
    digest, own = sha256(data).hexdigest(), gap.named(read_header(path))
    return Source(name, digest, len(data), questions, shape, training, own, first)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--out", type=Path, required=True, help="file of answers")
    parser.add_argument(
        "--feeds", type=int, default=200, help="held-out ones; a fourth as many as in training"
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first feed")
    parser.add_argument("--questions", type=int, default=16, help="at each point of a feed")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    given = parser.parse_args()
    done = record.begin(given.out, source(given.model, given.questions, given.first))
    wanted = sittings(given.feeds, given.questions, given.first)
    rest = [one for one in wanted if (one.held_out, one.number) not in done]
    for number, played in enumerate(measure(given.model, rest, given.jobs), len(done) + 1):
        record.add(given.out, played)
        right = sum(one.right for one in played.asked)
        print(f"{number}/{len(wanted)}: {right}/{len(played.asked)} right", file=sys.stderr)


if __name__ == "__main__":
    main()
