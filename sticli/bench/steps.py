"""How far a workload is: a bar with the time left on a terminal, now and then a line elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sticli.bench.stage import Advance, Bar
from sticli.render import age, colourful

if TYPE_CHECKING:
    from rich.progress import Progress

SOON = 2.0  # seconds until the first line of a log that says how far it is
EVERY = 15.0  # seconds between two of them


def bar(*, quiet: bool) -> Bar:
    """What shows the steps on stderr; `quiet` shows nothing."""
    if quiet:
        return _silent
    return _drawn if colourful(sys.stderr) else _told


@contextmanager
def _silent(what: str, steps: int) -> Iterator[Advance]:
    yield lambda _comes: None


@contextmanager
def _drawn(what: str, steps: int) -> Iterator[Advance]:
    with _progress() as progress:
        task = progress.add_task(what, total=steps, comes="")
        yield lambda comes: progress.update(task, advance=1, comes=comes)


def _progress() -> "Progress":
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description:<8}"),
        progress.BarColumn(24),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(elapsed_when_finished=False),
        progress.TextColumn("{task.fields[comes]}", style="dim"),
        console=Console(file=sys.stderr),
        transient=True,
    )


@contextmanager
def _told(what: str, steps: int) -> Iterator[Advance]:
    """A line at the beginning, one soon, and then no more often than `EVERY` seconds."""
    begin, done = time.monotonic(), 0
    told = begin + SOON - EVERY
    _say(f"{what}: {steps} steps")

    def advance(comes: str) -> None:
        nonlocal told, done
        done, now = done + 1, time.monotonic()
        if now - told >= EVERY and done < steps:
            told = now
            left = (now - begin) / done * (steps - done)
            _say(f"{what}: {done} of {steps}, about {age(left)} left; next: {comes}")

    yield advance
    _say(f"{what}: done in {time.monotonic() - begin:.0f} s")


def _say(text: str) -> None:
    print(f"sticli: {text}", file=sys.stderr, flush=True)
