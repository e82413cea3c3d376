"""A short measurement of this model on this machine: threads, flash attention, chunk, cell size.

How many threads pay is seen on the wall clock. All else is compared by the CPU time that it takes,
which a machine busy with other things hardly changes.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sticli.daemon.engines.base import Row, Seq
from sticli.daemon.engines.family import Family
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning

SHORT = 16  # tokens of a question, which matters most
DEPTH = 2048  # tokens of context ahead of it, to compare attention
CHUNKS = (128, 256, 512)
REPEATS = 5
WORTH = 0.95  # a larger chunk, hence a longer step, must save this much a token
WORTH_THREADS = 0.8  # more threads, hence fewer cores for everybody else, this much
QUIET = 0.7  # of the wall clock that was computed in at least, or others were in the way
_PROBE = Seq(0)


@dataclass
class Budget:
    """Seconds that a stage of the measurement may take."""

    seconds: float
    clock: Callable[[], float] = time.perf_counter
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def spent(self, share: float) -> bool:
        """Whether this share of them is gone."""
        return self.clock() - self.started > self.seconds * share


@dataclass(frozen=True, slots=True)
class Finding:
    """What was chosen, and the measurements that say why."""

    tuning: Tuning
    measured: str
    quiet: bool = True  # others left us the CPUs, so that the number of threads is to be trusted
    at: float = 0.0  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of a piece of work, on the wall and of all CPUs together."""

    wall: float
    cpu: float


def cell_bytes(model: Model, tuning: Tuning) -> int:
    """Memory of one cell, as llama.cpp itself accounts for it.

    Raises:
        Exhausted: the model cannot run.
    """
    with _family(model, tuning, SHORT) as (family, slot):
        sizes = []
        for position in range(2):
            family.decode([slot], [Row(_PROBE, [0], position)])
            sizes.append(len(family.save(slot)))
        return max(1, sizes[1] - sizes[0])  # a recurrent state does not grow


def measure(model: Model, threads: Sequence[int], seconds: float = 2.0) -> Finding:
    """The best of each setting and of the numbers of threads, which must fall."""
    found, wall = _by_threads(model, threads, Tuning(False, CHUNKS[-1], 1), seconds / 4)
    if wall > seconds / 20:
        return found
    number = found.tuning.threads
    depth, attention = _attention(model, number, Budget(seconds / 2))
    flash = attention["on"] < attention["off"]
    chunk, rate = _chunk(model, flash, number, Budget(seconds / 4))
    measured = (
        f"{found.measured}; after {depth} tokens by flash attention: {_milliseconds(attention)} "
        f"of CPU; {rate:.0f} tokens a second of CPU in chunks of {chunk}"
    )
    return replace(found, tuning=Tuning(flash, chunk, number), measured=measured)


def measure_again(
    model: Model, threads: Sequence[int], found: Finding, seconds: float = 0.5
) -> Finding:
    """A finding with the best number of threads; all else stands.

    That was not in doubt, and states that were saved with other attention could not be loaded.
    """
    again, _ = _by_threads(model, threads, found.tuning, seconds)
    return replace(again, measured=f"{again.measured}; all else as before")


def _by_threads(
    model: Model, threads: Sequence[int], tuning: Tuning, seconds: float
) -> tuple[Finding, float]:
    """The tuning with the best number of threads, and the seconds of a short row with those."""
    taken = _threads(model, threads, Budget(seconds))
    walls = {n: one.wall for n, one in taken.items()}
    number = min(n for n, wall in walls.items() if wall * WORTH_THREADS <= min(walls.values()))
    said = f"{SHORT} tokens by threads: {_milliseconds(walls)}"
    quiet = all(one.cpu >= QUIET * one.wall for one in taken.values())
    return Finding(replace(tuning, threads=number), said, quiet, time.time()), walls[number]


def _threads(model: Model, threads: Sequence[int], budget: Budget) -> dict[int, Taken]:
    """A short row by threads, until fewer are clearly slower."""
    found: dict[int, Taken] = {}
    for number in threads:
        with _family(model, Tuning(False, CHUNKS[-1], number), SHORT) as (family, slot):
            found[number] = _short(model, family, slot, budget)
        if found[number].wall * WORTH_THREADS > min(one.wall for one in found.values()):
            break
    return found


def _attention(model: Model, threads: int, budget: Budget) -> tuple[int, dict[str, float]]:
    """A short row by flash attention, after the same context: as much as time allows."""
    times, depth = {}, DEPTH
    for name in ("off", "on"):
        tuning = Tuning(name == "on", CHUNKS[-1], threads)
        with _family(model, tuning, depth + SHORT) as (family, slot):
            while family.length(slot) < depth and (name == "on" or not budget.spent(1 / 3)):
                _grow(model, family, slot, min(CHUNKS[0], depth - family.length(slot)))
            depth = family.length(slot)
            times[name] = _short(model, family, slot, budget).cpu
    return depth, times


def _short(model: Model, family: Family, slot: int, budget: Budget) -> Taken:
    """A short row on a fork; the quickest, as what disturbs it only lengthens it."""
    found = [_timed(lambda: _ask(model, family, slot))]
    while len(found) < REPEATS and not budget.spent(1):
        found.append(_timed(lambda: _ask(model, family, slot)))
    return _quickest(found)


def _chunk(model: Model, flash: bool, threads: int, budget: Budget) -> tuple[int, float]:
    """The smallest chunk that is about as cheap a token as any, and its tokens a second."""
    best, rate = CHUNKS[0], 0.0
    for chunk in CHUNKS:
        if rate and budget.spent(2 / 3):
            break
        with _family(model, Tuning(flash, chunk, threads), CHUNKS[-1]) as (family, slot):
            taken = _quickest([_timed(lambda: _fill(model, family, slot)) for _ in range(2)]).cpu
        if CHUNKS[-1] / taken * WORTH > rate:
            best, rate = chunk, CHUNKS[-1] / taken
    return best, rate


def _ask(model: Model, family: Family, slot: int) -> None:
    fork = family.fork(slot, family.length(slot))
    _grow(model, family, fork, SHORT)
    family.drop(fork)


def _fill(model: Model, family: Family, slot: int) -> None:
    family.cut(slot, 0)
    _grow(model, family, slot, CHUNKS[-1])


def _grow(model: Model, family: Family, slot: int, count: int) -> None:
    """Append tokens that differ, so that a mixture of experts meets more than one of them."""
    start = family.length(slot)
    tokens = [(start + index) * 7919 % model.vocabulary_size for index in range(count)]
    family.decode([slot], [Row(_PROBE, tokens, start, "last")])


@contextlib.contextmanager
def _family(model: Model, tuning: Tuning, limit: int) -> Iterator[tuple[Family, int]]:
    """A family and its first slot, for as long as the block lasts."""
    family = Family(model, tuning, limit)
    try:
        yield family, family.add()
    finally:
        family.close()


def _timed(work: Callable[[], object]) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def _quickest(found: Sequence[Taken]) -> Taken:
    return Taken(min(one.wall for one in found), min(one.cpu for one in found))


def _milliseconds(times: Mapping[int, float] | Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds * 1e3:.1f} ms" for name, seconds in times.items())
