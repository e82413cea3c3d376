"""What an engine would compile when it opens, and what it would still compile while it serves.

`python -m tests.daemon.engines.gpu.rehearsal MODEL` prints the latter, in a process that knows
nothing of the interpreter: launches are written down instead of run.
"""

import random
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

from sticli.daemon.engines.base import Plan, Row
from sticli.daemon.engines.gpu import passes
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.gpu.scores import DeviceScores, find_allowed
from sticli.kernels import attention, linear
from tests.daemon.engines.gpu.passes import load
from tests.daemon.engines.gpu.test_graphs import rerun
from tests.kernels.compiling import Variant, record

PROCESSORS = 5  # so few that products of this size are split in 1, 2 or 4, as those of real models
PLANS = 25


def serve(engine: Gpu, rng: random.Random) -> None:
    """One plan of random rows, a question for allowed tokens only, and a slide."""
    rows: list[Row] = []
    for _ in range(rng.choice([1, 2, 5, 9, 17, 33, 70])):
        tokens, wants = [0] * rng.choice([1, 1, 1, 3, 20, 65]), rng.choice(["none", "last", "all"])
        rows.append(Row(engine.open(99), tokens, 0, wants))  # type: ignore[arg-type]
    for scores in engine.run(Plan(tuple(rows))).scores:
        if isinstance(scores, DeviceScores):
            first = scores._first
            find_allowed(scores._logits[first : first + 1], np.ones(9, np.uint8))
    engine.slide(max(rows, key=lambda row: len(row.tokens)).seq, 0, 1)
    for row in rows:
        engine.drop(row.seq)


def compiled(variants: Sequence[Variant]) -> dict[str, Variant]:
    """What differs among launches, by all that a kernel is compiled for."""
    return {repr(item): item for item in variants}


def main(path: Path) -> None:
    model = load(path, packed=True)
    engines: list[Gpu] = []
    with (
        mock.patch.object(linear, "processors", return_value=PROCESSORS),
        mock.patch.object(attention, "processors", return_value=PROCESSORS),
        mock.patch.object(passes, "processors", return_value=PROCESSORS),
    ):
        opening = record(lambda: engines.append(Gpu(model, 20_000, "f16", {}, recorder=rerun)))
        known = compiled(opening)
        rng = random.Random(1)
        for _ in range(PLANS):
            for key, item in compiled(record(partial(serve, engines[0], rng))).items():
                if key not in known:
                    print(item.kernel.__name__, item.constants, item.attributes)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
