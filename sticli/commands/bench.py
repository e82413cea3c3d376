"""`sticli bench`: what this machine does, as ratios measured in one run."""

import importlib.util
from typing import Annotated

import typer

from sticli.errors import SticliError
from sticli.invocation import of

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def bench() -> None:
    """Measure this machine: ratios, all of one run."""


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
    """Measure the GPU engine: kernels and passes against the device's best, torch and peers.

    Weights are random and made on the spot. Without a GPU a tiny shape runs on the CPU.
    """
    for package in ("torch", "triton"):
        if importlib.util.find_spec(package) is None:
            raise SticliError("model", f"{package} is not installed", "pip install 'sticli[gpu]'")
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
