"""`sticli demo`: the real thing on a simulated feed, with the truth beside each answer; `demo feed`
writes such a feed and its truth; `demo train` is in train.py.
"""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sticli.commands.train import train
from sticli.errors import FAILURE, refused
from sticli.invocation import Invocation, document, of
from sticli.place import absolute

if TYPE_CHECKING:
    from sticli.demo.score import Score

app = typer.Typer(rich_markup_mode=None)
app.command("train")(train)


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    seconds: Annotated[
        float, typer.Option(metavar="N", help="How long the feed lasts.", min=1)
    ] = 20.0,
    rate: Annotated[
        float, typer.Option(metavar="N", help="Lines of the feed a second.", min=0.1)
    ] = 8.0,
    model: Annotated[
        str | None, typer.Option(metavar="FILE", help="A GGUF file instead of the embedded model.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Which feed.")] = 1,
) -> None:
    """Show sticli at work on a simulated market feed.

    It has a daemon and a home of its own. Every answer is compared with the truth at the very
    version that it was given for; the exit code is 0 only when as many are right as the model's
    card promises, and every standing question has a fresh answer at the end.
    """
    if context.invoked_subcommand:
        return
    from sticli.client import Client
    from sticli.commands.daemon import arguments
    from sticli.demo.promise import CELLS
    from sticli.demo.show import Show
    from sticli.demo.stage import stage
    from sticli.demo.view import Screen, Silent, plain_or_screen

    call = of(context)
    words = arguments(model)
    call.note(f"a daemon of its own starts; the feed is --seed {seed}")
    with stage(words) as paths:
        view = Silent() if call.json else plain_or_screen()
        show = Show(lambda: Client(paths.socket, 180.0), view, seed, CELLS)
        with view if isinstance(view, Screen) else nullcontext():
            fresh = show.run(seconds, rate)
        ok = _report(call, show.score, fresh, seed)
    if not ok:
        raise typer.Exit(FAILURE)


@app.command("feed")
def write(
    context: typer.Context,
    truth: Annotated[
        str, typer.Option(metavar="FILE", help="Where the truth goes, as rows of 12,up.")
    ],
    lines: Annotated[int, typer.Option(metavar="N", help="Lines of the feed.", min=1)] = 1500,
    points: Annotated[int, typer.Option(metavar="N", help="Rows of truth at most.", min=1)] = 300,
    seed: Annotated[int, typer.Option(metavar="N", help="Which feed.", min=0)] = 1,
) -> None:
    """Print a simulated service log, and write its truth for `calibrate`.

    The names in it are none that the embedded model was trained on.
    """
    from sticli.demo.feed import feed

    call, made = of(context), feed(seed, lines, points)
    rows = ["line,truth", *(f"{line},{state}" for line, state in made.truth)]
    try:
        Path(absolute(truth)).write_text("\n".join(rows) + "\n", "utf-8")
    except OSError as error:
        raise refused(error, truth) from None
    sys.stdout.write("".join(f"{line}\n" for line in made.lines))
    choices = ",".join(made.choices)
    call.note(f'sticli flash add SESSION "{made.question}" --id state --choices {choices}')
    call.note(f"sticli calibrate SESSION state --truth {truth}")


def _report(call: Invocation, score: "Score", fresh: bool, seed: int) -> bool:
    """Say how it went; whether that is what was promised."""
    from sticli.demo.promise import ACCURACY

    accuracy = score.of().accuracy
    ok = fresh and accuracy >= ACCURACY
    if call.json:
        tallies = {kind: score.of(kind).facts() for kind in ("live", "flash", "pushed")}
        document(
            ok=ok,
            seed=seed,
            accuracy=round(accuracy, 4),
            promised=ACCURACY,
            fresh_at_end=fresh,
            met_fresh=round(score.freshness, 4),
            **tallies,
        )
        return ok
    print(f"asked live          {score.of('live')}")
    print(f"asked, flash hit    {score.of('flash')}")
    print(f"pushed on a change  {score.of('pushed')}")
    if score.looks:
        print(score.share())
    print(f"{'ok' if ok else 'NOT ok'}: {accuracy:.1%} right, promised are {ACCURACY:.0%}")
    if not fresh:
        print("NOT ok: a standing question had no fresh answer at the end", file=sys.stderr)
    return ok
