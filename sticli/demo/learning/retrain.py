"""The embedded model trained further, or one like it from scratch, on a feed of one's own."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from sticli.demo.exam.evaluate import MODEL, Sitting, play
from sticli.demo.exam.reader import Reader
from sticli.demo.exam.record import Played
from sticli.demo.learning import heap, train
from sticli.demo.learning.export import export, training
from sticli.demo.learning.restore import restore
from sticli.demo.learning.train import Run
from sticli.demo.world.simulate import Make
from sticli.errors import SticliError
from sticli.models import gap
from sticli.models.header import read_header

STEPS, FIRST = 1000, 0.8  # of a schedule; where in it a model begins that is trained already
FEEDS, LONGEST, QUESTIONS = 20, 1024, 8  # of the evaluation in the end

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: minutes are of training in all, those before a resumption among them."""

    out: Path
    minutes: float
    seed: int
    resume: bool
    scratch: bool

    @property
    def checkpoint(self) -> Path:
        """Where the run is kept."""
        return self.out / "checkpoint.pt"

    @property
    def model(self) -> Path:
        """Where the trained model goes."""
        return self.out / "model.gguf"


def begin(order: Order, make: Make) -> Run:
    """The run as it stands before it is trained on.

    Raises:
        SticliError: there is nothing to resume, or something that would be lost.
    """
    if order.resume:
        if not order.checkpoint.exists():
            raise SticliError(
                "not_found", f"--resume: no {order.checkpoint}", "start without `--resume`"
            )
        run = _resumed(order.checkpoint)
    elif order.checkpoint.exists():
        raise SticliError(
            "exists", f"{order.checkpoint} exists", "go on with `--resume`, or name another folder"
        )
    elif order.model.exists():
        raise SticliError("exists", f"{order.model} exists", "name another folder")
    elif order.scratch:
        run = train.start(order.seed, STEPS)
    else:
        model = restore(MODEL)
        run = train.begin(model, order.seed, STEPS)
        run.step = round(FIRST * STEPS)
    run.make = make
    return run


def _resumed(checkpoint: Path) -> Run:
    try:
        return train.load(checkpoint)
    except ValueError:
        raise SticliError(
            "model", f"{checkpoint} was trained by another version", "name another folder"
        ) from None


def learn(run: Run, order: Order, say: Say) -> None:
    """Train until the minutes are over, saving about once a minute, and at whatever ends it.

    The schedule ends when they do, however fast the machine is.
    """
    try:
        _learn(run, order, say)
    finally:
        train.save(run, order.checkpoint)


def _learn(run: Run, order: Order, say: Say) -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    heap.keep()
    spent, limit = run.seconds, 60 * order.minutes
    # A run that was finished, and has more time now, goes back to where a trained model begins.
    first = min(run.step / run.steps, FIRST + (1 - FIRST) * spent / limit)
    saved = run.seconds
    while run.seconds < limit:
        share = first + (1 - first) * (run.seconds - spent) / (limit - spent)
        run.steps = max(run.step + 1, round(run.step / share)) if share else run.steps
        began = time.monotonic()
        loss = train.advance(run)
        run.seconds += time.monotonic() - began
        say(f"step {run.step}, loss {loss:.3f}, {run.seconds / 60:.1f} of {order.minutes:g} min")
        if run.seconds - saved > train.SAVE_SECONDS:
            train.save(run, order.checkpoint)
            saved = run.seconds


def write(run: Run, order: Order) -> None:
    """Export the model as it is now."""
    own = None if order.scratch else gap.named(read_header(MODEL))  # its logits stay alike
    export(run.model, order.model, training(run), name=order.out.name, gap=own)


def examine(order: Order, make: Make, say: Say) -> list[Played]:
    """Ask the exported model about feeds that it was not trained on."""
    reader, played = Reader(order.model, context=LONGEST, threads=os.cpu_count() or 1), []
    for number in range(FEEDS):
        played.append(play(reader, Sitting(number, True, LONGEST, QUESTIONS), make))
        say(f"asked about {number + 1} of {FEEDS} feeds")
    reader.close()
    return played


def retrain(order: Order, make: Make, say: Say) -> tuple[Run, list[Played]]:
    """All of it.

    Raises:
        SticliError: as `begin`.
    """
    run = begin(order, make)
    order.out.mkdir(parents=True, exist_ok=True)
    learn(run, order, say)
    write(run, order)
    return run, examine(order, make, say)
