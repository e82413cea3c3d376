"""`sticli bench`: what this machine does with a stream and a model, beside other engines."""

import importlib.util
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sticli.bench.sizes import sizes
from sticli.bench.workloads.catalogue import ALL, WORKLOADS
from sticli.errors import FAILURE, SticliError
from sticli.invocation import Invocation, emit, of

if TYPE_CHECKING:
    from sticli.bench.call import Keep
    from sticli.bench.report import Report

app = typer.Typer(rich_markup_mode=None)

Output = Annotated[
    str, typer.Option(metavar="DIR", help="Write report.json, report.md and the plots there.")
]


@app.callback()
def bench() -> None:
    """Compare engines on this machine.

    Each of them gets the same model, lines and questions. `sticli bench all --quick` takes a
    few minutes on two cores.
    """


def measure(
    context: typer.Context,
    model: Annotated[
        str, typer.Option(metavar="FILE", help="A GGUF file instead of the embedded model.")
    ] = "",
    shape: Annotated[
        str, typer.Option(metavar="NAME", help="Random weights of a shape, as llama-8b.")
    ] = "",
    weights: Annotated[
        str, typer.Option(metavar="KIND", help="Their format, as Q8_0 or Q4_K_M.")
    ] = "",
    preset: Annotated[
        str, typer.Option(metavar="p1|p2|p3", help="The sizes of one of the papers.")
    ] = "",
    engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="live|flash|ready|bare|reuse|stateless", help="Only this; may be repeated."
        ),
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL[,KEY=VALUE]", help="A server to compare with; may be repeated."
        ),
    ] = None,
    cells: Annotated[
        str, typer.Option("--context", metavar="N,N", help="Tokens of a session, as 4k,16k.")
    ] = "",
    delta: Annotated[
        str, typer.Option(metavar="N,N", help="New tokens between two questions (stream, window).")
    ] = "",
    tenants: Annotated[
        str, typer.Option(metavar="N,N", help="Sessions beside each other (tenants, agents).")
    ] = "",
    turns: Annotated[str, typer.Option(metavar="N,N", help="Turns of an agent (agents).")] = "",
    rounds: Annotated[
        int,
        typer.Option(
            metavar="N", help="How often everything is measured.", min=0, show_default=False
        ),
    ] = 0,
    rate: Annotated[
        float,
        typer.Option(metavar="N", help="Lines a second of a feed.", min=0, show_default=False),
    ] = 0.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Which feed.", min=0)] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, few rounds.")] = False,
    output: Output = "",
) -> None:
    from sticli.bench import call as bench
    from sticli.bench import shapes, steps
    from sticli.bench.stage import Options
    from sticli.bench.subject import Wish

    call, name = of(context), context.info_name or ""
    options = Options(
        preset=preset,
        engines=tuple(engine or ()),
        peers=tuple(peer or ()),
        contexts=sizes("--context", cells),
        deltas=sizes("--delta", delta),
        tenants=sizes("--tenants", tenants),
        turns=sizes("--turns", turns),
        rounds=rounds,
        rate=rate,
        seed=seed,
        quick=quick,
    )
    names = bench.chosen(name, preset)
    folder = _folder(call, output)
    if shape:
        call.note(f"random weights of {shapes.named(shape).name}: made once, kept in the cache")
    made = bench.prepare(_command(), Wish(model, shape, weights), options)
    with _shown(call, made.report, folder):
        bench.run(made, names, steps.bar(quiet=call.quiet), _keeper(folder), call.note)


for _name, _summary in (*WORKLOADS.items(), (ALL, "all of these, and how far the targets are met")):
    app.command(_name, help=f"{_summary[0].upper()}{_summary[1:]}.")(measure)


@app.command("report")
def render(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A report.json, or its folder.")],
    output: Output = "",
) -> None:
    """Show a report again, or write its page and plots anew."""
    from sticli.bench import report

    call, folder = of(context), _folder(of(context), output)
    with _shown(call, report.read(Path(file).expanduser()), folder):
        pass


@app.command()
def compare(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="A report.json, or its folder.")],
    after: Annotated[str, typer.Argument(metavar="B", help="A later one.")],
    margin: Annotated[
        float, typer.Option(metavar="SHARE", help="What is no change yet.", min=0.0, max=1.0)
    ] = 0.05,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 1 if B is slower.")] = False,
) -> None:
    """Compare two reports: what became slower or faster.

    Intervals hold with 95 %. Where both ran the floor, bare calls of llama.cpp, times are also
    taken over it: that takes the mood of the machine out of the comparison.
    """
    from sticli.bench import compare, report
    from sticli.bench.views import differences

    a, b = (report.read(Path(one).expanduser()) for one in (before, after))
    found = compare.compare(a, b, margin)
    if of(context).json:
        emit(found)
    else:
        differences.show(found, sys.stdout)
    if fail and found.slower:
        raise typer.Exit(FAILURE)


@app.command()
def peers() -> None:
    """Tell how other servers are started at their best, for --peer."""
    from sticli.bench.peers import NOTES

    sys.stdout.write(NOTES)


@app.command()
def kernels(
    context: typer.Context,
    shape: Annotated[
        str, typer.Option(metavar="NAME", help="Shape of the model, as llama-8b or qwen3-0.6b.")
    ] = "",
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Format of its weights, as Q4_K_M; may be repeated."),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="Only kernels, passes or peers; may be repeated."),
    ] = None,
    cells: Annotated[
        int, typer.Option(metavar="N", help="Cells of the pool; 0: all that fit.", min=0)
    ] = 0,
    llama_bench: Annotated[
        str, typer.Option(metavar="PROGRAM", help="llama.cpp's own bench, built for the GPU.")
    ] = "",
    output: Annotated[
        str, typer.Option(metavar="FILE", help="Write everything as JSON there too.")
    ] = "",
) -> None:
    """Measure the GPU engine against the device's best, torch, peers.

    Weights are random and made on the spot. Without a GPU a tiny shape runs on the CPU.
    """
    for package in ("torch", "triton"):
        if importlib.util.find_spec(package) is None:
            hint = "`pip install 'sticli[gpu]'`"
            raise SticliError("model", f"{package} is not installed", hint)
    from sticli.bench import kernels as bench

    bench.run(
        bench.Options(
            shape,
            tuple(weights or ()),
            tuple(part or bench.PARTS),
            cells,
            llama_bench,
            output,
            of(context).json,
        )
    )


def _command() -> str:
    """The command line that was given."""
    return shlex.join(["sticli", *sys.argv[1:]])


def _folder(call: Invocation, text: str) -> Path | None:
    """The folder of --output, looked at before anything is measured."""
    if not text:
        return None
    from sticli.bench.views import folder

    if lack := folder.lacks():
        call.note(lack)
    return folder.make(text)


def _keeper(folder: Path | None) -> "Keep":
    from sticli.bench.views.folder import keep

    return lambda report: keep(report, folder) if folder else None


def _say(call: Invocation, report: "Report") -> None:
    from sticli.bench.views import screen

    if call.json:
        emit(report)
    else:
        screen.show(report, sys.stdout)


@contextmanager
def _shown(call: Invocation, report: "Report", folder: Path | None) -> Iterator[None]:
    """Whatever was found by the end of the block is shown and written, however it ends."""
    from sticli.bench.views import folder as files

    try:
        yield
    finally:
        if report.runs or report.figures:
            with ExitStack() as last:  # what cannot be written is shown all the same
                last.callback(_say, call, report)
                if folder:
                    files.fill(report, folder)
                    call.note(f"wrote {folder}/report.md and report.json")
