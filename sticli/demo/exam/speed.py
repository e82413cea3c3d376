"""How fast an exported model reads and answers here:
`python -m sticli.demo.exam.speed --out FILE`.
"""

import argparse
import os
import random
import time
from pathlib import Path
from statistics import median

import msgspec

from sticli.demo.exam.evaluate import MODEL
from sticli.demo.exam.reader import Reader
from sticli.demo.learning import vocabulary
from sticli.demo.world.simulate import make_feed

TOKENS, THREADS, STEPS = 2048, 2, 64
TRIES = 8  # others may have the processor meanwhile: the fastest says what the model takes
PASS = 512  # tokens that are read at once
_CPU = Path("/proc/cpuinfo")


class Speed(msgspec.Struct, frozen=True):
    """What was measured, and where; `busy` is the load of the machine before it began."""

    tokens: int  # of feed
    threads: int
    tries: int
    read: float  # tokens of feed a second, in the try that read fastest
    decode: float  # milliseconds a token after them, in the try that decoded fastest
    usual: float  # the same in the median one
    cpu: str
    cores: int
    busy: float


def measure(path: Path, tokens: int = TOKENS, tries: int = TRIES) -> Speed:
    """Read a feed of so many tokens, then decode, with both kinds of attention so many times.

    What is told is of the kind that answers faster.
    The daemon too takes that one.
    """
    busy, cores = os.getloadavg()[0], os.cpu_count() or 0
    kinds = (sorted(_timed(path, tokens, flash) for _ in range(tries)) for flash in (False, True))
    decodes, reads = zip(*min(kinds), strict=True)
    decode, usual, read = round(decodes[0], 3), round(median(decodes), 3), round(max(reads))
    return Speed(tokens, THREADS, tries, read, decode, usual, cpu(), cores, busy)


def _timed(path: Path, tokens: int, flash: bool) -> tuple[float, float]:
    """The median milliseconds of one more token, and tokens read a second."""
    reader = Reader(path, context=tokens + STEPS, threads=THREADS, flash=flash)
    feed, ids = make_feed(random.Random(0), held_out=True), list[int]()
    while len(ids) < tokens:
        ids += vocabulary.line_ids(feed.line())
    reader.append(ids[:PASS])  # the weights come into memory
    reader.reset()
    began = time.perf_counter()
    for start in range(0, tokens, PASS):
        reader.append(ids[start : min(start + PASS, tokens)])
    read = tokens / (time.perf_counter() - began)
    steps = [_step(reader, token) for token in ids[:STEPS]]
    reader.close()
    return 1e3 * median(steps), read


def _step(reader: Reader, token: int) -> float:
    began = time.perf_counter()
    reader.append([token])
    return time.perf_counter() - began


def cpu() -> str:
    """What the machine calls its processor; "" where it does not say."""
    try:
        lines = _CPU.read_text("utf-8").splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.write_bytes(msgspec.json.encode(measure(given.model)) + b"\n")


if __name__ == "__main__":
    main()
