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
PASS = 512  # tokens that are read at once
_CPU = Path("/proc/cpuinfo")


class Speed(msgspec.Struct, frozen=True):
    """What was measured, and where; `busy` is the load of the machine before it began."""

    tokens: int  # of feed
    threads: int
    read: float  # tokens of feed a second
    decode: float  # milliseconds a token after them
    cpu: str
    cores: int
    busy: float


def measure(path: Path, tokens: int = TOKENS) -> Speed:
    """Read a feed of so many tokens, then decode; of both kinds of attention the faster to answer.

    The daemon too takes the faster one.
    """
    busy = os.getloadavg()[0]
    read, decode = min((_timed(path, tokens, flash) for flash in (False, True)), key=_decode)
    return Speed(tokens, THREADS, round(read), round(decode, 3), cpu(), os.cpu_count() or 0, busy)


def _decode(found: tuple[float, float]) -> float:
    return found[1]


def _timed(path: Path, tokens: int, flash: bool) -> tuple[float, float]:
    """Tokens read a second, and the median milliseconds of one more."""
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
    return read, 1e3 * median(steps)


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
