"""`sticli demo train`: the embedded model, trained for a feed of one's own."""

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sticli.errors import SticliError, refused
from sticli.invocation import Invocation, document, of
from sticli.meter import Meter
from sticli.place import absolute
from sticli.render import count, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sticli.demo.exam.interval import Share
    from sticli.demo.exam.record import Played

ORIGINS = ("embedded", "scratch")


def train(
    context: typer.Context,
    feed: Annotated[
        str, typer.Option(metavar="FILE", help="Python that defines the feed: see sticli(1).")
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="Where the model and the run go.")],
    minutes: Annotated[
        float, typer.Option(metavar="N", help="How long to train in all.", min=0.01)
    ] = 60.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the training's chance.", min=0)] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR.")] = False,
    origin: Annotated[
        str, typer.Option("--from", metavar="embedded|scratch", help="Where training starts.")
    ] = "embedded",
) -> None:
    """Train the embedded model for a feed of your own.

    The file is a program of yours, and runs as one: a function feed(rng, held_out) that gives a
    feed with its lines, its questions and their right answers. Needs torch.
    """
    call = of(context)
    if origin not in ORIGINS:
        raise SticliError(
            "bad_request",
            f"--from {origin}: training does not start there",
            "give embedded or scratch",
        )
    _check_torch()
    from sticli.demo.learning import own
    from sticli.demo.learning.retrain import Order, retrain

    source = Path(absolute(feed))
    make = own.load(source)
    order = Order(Path(absolute(out)), minutes, seed, resume, origin == "scratch")
    meter = Meter(wanted=not call.quiet)
    call.note(f"training for {minutes:g} minutes in {order.out}; --resume goes on after Ctrl-C")
    try:
        with own.blamed(source, wholly=False):
            run, played = retrain(order, make, meter.draw)
    except OSError as error:
        raise refused(error, order.out) from None
    finally:
        meter.end()
    _report(call, order.model, run.step, run.seconds, played)


def _check_torch() -> None:
    """Training needs what nothing else on a CPU needs."""
    if importlib.util.find_spec("torch") is not None:
        from torch import optim

        if hasattr(optim, "Muon"):  # which came with 2.9
            return
    raise SticliError(
        "bad_request", "training needs torch 2.9 or newer", "`pip install 'torch>=2.9,<2.14'`"
    )


def _report(
    call: Invocation, model: Path, step: int, seconds: float, played: "Sequence[Played]"
) -> None:
    """Say how often the trained model was right, and how to use it."""
    from sticli.demo.exam.record import flat
    from sticli.demo.exam.tables import right

    pairs = list(flat(played))
    kinds = sorted({asked.kind for _, asked in pairs})
    shares = {kind: right(pair for pair in pairs if pair[1].kind == kind) for kind in kinds}
    whole = right(pairs)
    if call.json:
        return document(
            model=str(model),
            step=step,
            seconds=round(seconds, 1),
            **_facts(whole),
            kinds={kind: _facts(one) for kind, one in shares.items()},
        )
    heads = ("QUESTION", "ASKED", "RIGHT", "95 % INTERVAL")
    rows = [_cells(kind, one) for kind, one in (*shares.items(), ("all", whole))]
    table(sys.stdout, heads, rows)
    call.note(f"`sticli model use {model}` makes the daemon run it")


def _facts(found: "Share") -> dict[str, float | int]:
    values = {"accuracy": found.value, "low": found.low, "high": found.high}
    return {"asked": found.of, "right": found.right, **{k: round(v, 4) for k, v in values.items()}}


def _cells(name: str, found: "Share") -> tuple[str, ...]:
    return name, count(found.of), f"{found.value:.1%}", f"{found.low:.1%} to {found.high:.1%}"
