"""Which sizes are worth their time: short trainings of several shapes on the same feeds, each then
asked and timed alike: `python -m sticli.demo.exam.sweep --out sweep.jsonl`.
"""

import argparse
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import torch

from sticli.demo.exam import speed
from sticli.demo.exam.group import group
from sticli.demo.learning import heap, train, vocabulary
from sticli.demo.learning.export import export
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.packing import Batch, make_batch

V = len(vocabulary.TOKENS)
SHAPES: Mapping[str, Shape] = {
    "default": Shape(V),
    "5 layers": Shape(V, layers=5),
    "7 layers": Shape(V, layers=7),
    "hidden 256": Shape(V, hidden=256),
    "hidden 1,024": Shape(V, hidden=1024),
    "width 384, 6 heads": Shape(V, width=384, heads=6, hidden=768),
    "RoPE base 1e6": Shape(V, rope_base=1e6),
    "RoPE base 1e8": Shape(V, rope_base=1e8),
    "RoPE base 1e12": Shape(V, rope_base=1e12),
}
SEED, STEPS = 7, 160
TRAINED = (24, 192, 256)  # feeds, their tokens, room for questions: of each step
ASKED = ((16, 256, 320), (16, 256, 320), (4, 1024, 512), (4, 1024, 512), (4, 1024, 512))
SHOWN = ("lookups", "aggregates", "none")


class Tried(msgspec.Struct, frozen=True):
    """One shape after its short training; `right` is [right, asked] by group and tokens of feed."""

    name: str
    shape: str
    steps: int
    seconds: float  # of training
    size: int  # bytes as Q8_0
    decode: float  # milliseconds a token after 2,048
    right: dict[str, tuple[int, int]]


def attempt(
    name: str,
    shape: Shape,
    steps: int = STEPS,
    trained: tuple[int, int, int] = TRAINED,
    asked: tuple[tuple[int, int, int], ...] = ASKED,
    tries: int = speed.TRIES,
) -> Tried:
    """Train a shape for so many steps, then ask it about held-out feeds, and time it."""
    run = train.start(SEED, steps, shape=shape)
    began = time.monotonic()
    for step in range(steps):
        train.advance(run, make_batch(random.Random(f"{SEED} {step}"), *trained))
    seconds = time.monotonic() - began
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.gguf")
        export(run.model, file)
        timed = speed.measure(file, tries=tries)
        size, hits = file.stat().st_size, right(run.model, asked)
        return Tried(name, repr(shape), steps, round(seconds), size, timed.decode, hits)


def right(model: Model, sizes: tuple[tuple[int, int, int], ...]) -> dict[str, tuple[int, int]]:
    """[right, asked] by group and length, over held-out feeds of these sizes.

    An answer is right if each of its tokens is the likeliest after the right ones before it: then
    it is what greedy decoding gives.
    """
    tally: dict[str, Counter[bool]] = defaultdict(Counter)
    for index, size in enumerate(sizes):
        batch = make_batch(random.Random(f"held out {index}"), *size, held_out=True)
        for kind, hit in _answers(model, batch):
            tally[f"{group(kind)} {size[1]}"][hit] += 1
    return {name: (hits[True], hits.total()) for name, hits in sorted(tally.items())}


def _answers(model: Model, batch: Batch) -> Iterator[tuple[str, bool]]:
    """The kind of every question of a batch, and whether its answer was right."""
    found: dict[str, list[bool]] = defaultdict(list)
    with torch.no_grad():
        likeliest = train.answers(model, batch).argmax(-1)
    train.count(batch, (likeliest == batch.targets).tolist(), found)
    for kind, hits in found.items():
        yield from ((kind, hit) for hit in hits)


def table(tried: list[Tried]) -> str:
    """All of them in Markdown."""
    lengths = sorted({size[1] for size in ASKED})
    columns = [f"{name} {length}" for name in SHOWN for length in lengths]
    heads = ["shape", "MB", "ms a token", "s a step", *columns]
    rows = [heads, ["---"] * len(heads)]
    for one in tried:
        shares = (one.right.get(column, (0, 0)) for column in columns)
        rows.append([
            one.name, f"{one.size / 1e6:.1f}", f"{one.decode:.2f}",
            f"{one.seconds / one.steps:.2f}",
            *(f"{100 * hit / of:.0f} %" if of else "-" for hit, of in shares),
        ])  # fmt: skip
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def read(path: Path) -> list[Tried]:
    """What a file holds already; a missing one nothing."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Tried) for line in lines]


def main() -> None:
    """The command line; a sweep that was cut short goes on where it was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    heap.keep()
    known = {one.shape for one in read(given.out) if one.steps == given.steps}
    for name, shape in SHAPES.items():
        if repr(shape) not in known:
            tried = attempt(name, shape, given.steps)
            with given.out.open("ab") as file:
                file.write(msgspec.json.encode(tried) + b"\n")
    print(table([one for one in read(given.out) if one.steps == given.steps]))


if __name__ == "__main__":
    main()
