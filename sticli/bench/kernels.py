"""The GPU engine on this machine, behind `sticli bench kernels`.

Prints what the device can do at best, then every kernel and whole passes of a model of random
weights against that, against torch, and against other engines, all in one run. Without a GPU the
reference computes a tiny shape on the CPU: the figures then say that the bench works, no more.
"""

import gc
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import torch
import triton

from sticli.bench import kinds, synthetic
from sticli.bench.gpu import attention, between, matrices, passes, peers, products
from sticli.bench.gpu.case import Case, time
from sticli.bench.gpu.ceilings import Ceilings, measure
from sticli.bench.gpu.rig import Rig
from sticli.bench.gpu.stopwatch import waited
from sticli.bench.shapes import SHAPES, Shape
from sticli.errors import SticliError
from sticli.render import clear, colourful, columns

KINDS = ("BF16", "Q8_0", kinds.MIXED)
PARTS = ("kernels", "passes", "peers")
SEED = 1
ALONE = ("what", "rows", "context", "tokens", "ms", "worst ms", "tokens/s", "over the floor")
CROWD = ("questions", "context", "ms together", "ms one by one", "over one", "over the floor")


class Report:
    """Facts and tables, printed as they are found; all of them as JSON, numbers unrounded."""

    def __init__(self, output: TextIO | None = None, words: TextIO | None = None) -> None:
        self._output = output
        self._words = words or sys.stdout
        self.found: dict[str, object] = {"schema_version": 1}

    def fact(self, name: str, value: object, unit: str = "") -> None:
        self.found[name] = value
        print(f"{name}: {_cell(value)} {unit}".rstrip(), file=self._words, flush=True)
        self._write()

    def table(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows are printed together, once all are there, for their columns to be aligned."""
        kept: list[Sequence[object]] = []
        try:
            for row in _watched(name, rows):
                kept.append(row)
        finally:  # a table that somebody broke off is printed as far as it got
            self.found[name] = [dict(zip(heads, row, strict=True)) for row in kept]
            shown = [[_cell(value) for value in row] for row in kept]
            drawn = columns([list(heads), *shown])
            print(f"\n{name}\n{drawn}", end="", file=self._words, flush=True)
            self._write()

    def _write(self) -> None:
        if self._output:
            self._output.seek(0)
            self._output.truncate()
            json.dump(self.found, self._output, indent=1)
            self._output.flush()


def _watched(name: str, rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    """The rows, while a terminal says how many are there."""
    moving = colourful(sys.stderr)
    try:
        for number, row in enumerate(rows, 1):
            yield row
            if moving:
                print(f"\r\x1b[K{name}: {number}", end="", file=sys.stderr, flush=True)
    finally:
        clear()


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return "-" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure; what is empty or 0 is left to the device and to each part."""

    shape: str = ""
    weights: tuple[str, ...] = ()
    parts: tuple[str, ...] = PARTS
    cells: int = 0
    llama_bench: str = ""
    output: str = ""
    json: bool = False


def run(options: Options) -> None:
    """Measure and print; `output` gets everything as JSON too, or stdout where that is asked for.

    Raises:
        SticliError: an option names nothing that is known.
        OSError: `output` cannot be written.
    """
    _check(options)
    words = sys.stderr if options.json else None
    with Path(options.output).open("w") if options.output else nullcontext() as output:
        report = Report(output, words)
        _measure(options, report)
    if options.json:
        print(json.dumps(report.found))


def _measure(options: Options, report: Report) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    shape = SHAPES[options.shape or ("llama-8b" if device.type == "cuda" else "tiny")]
    torch.manual_seed(SEED)
    with torch.inference_mode():
        ceilings = _ceilings(report, shape, device)
        if "kernels" in options.parts:
            _kernels(report, shape, ceilings, device, options.weights)
            _forget(device)
        if "passes" in options.parts:
            for kind in options.weights or KINDS:
                _passes(report, shape, kind, ceilings, device, options.cells)
                _forget(device)
        if "peers" in options.parts:
            _peers(report, shape, device, options)
        after = measure(device, matrices.half("F16", device))
    report.fact("copy at the end", after.copy / 1e9, "GB/s")
    report.fact("product at the end", after.product / 1e12, "T operations/s")


def _check(options: Options) -> None:
    for what, given, known in (
        ("shape", [options.shape] if options.shape else [], SHAPES),
        ("kind of weights", options.weights, kinds.KINDS),
        ("part", options.parts, PARTS),
    ):
        for name in given:
            if name not in known:
                raise SticliError(
                    "bad_request", f"no {what} {name!r}", f"known: {', '.join(known)}"
                )
    program = options.llama_bench
    if program and not shutil.which(program):
        raise SticliError("bad_request", f"{program} is no program", "give the path of llama-bench")


def _forget(device: torch.device) -> None:
    """Give back the memory of what nobody needs any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _ceilings(report: Report, shape: Shape, device: torch.device) -> Ceilings:
    if device.type == "cuda":
        report.fact("device", f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}")
    else:
        report.fact("device", f"CPU {platform.machine()}, {os.cpu_count()} processors")
        report.fact("mind", "torch sees no CUDA GPU: figures only show that the bench works")
    report.fact("versions", f"torch {torch.__version__}, triton {triton.__version__}")
    report.fact("shape", asdict(shape))
    report.fact("seed", SEED)
    dtype = matrices.half("F16", device)
    ceilings = measure(device, dtype)
    report.fact("copy", ceilings.copy / 1e9, "GB/s, read and written")
    report.fact("product", ceilings.product / 1e12, f"T operations/s, {dtype}")
    return ceilings


def _kernels(
    report: Report, shape: Shape, ceilings: Ceilings, device: torch.device, chosen: Sequence[str]
) -> None:
    heads = ("what · rows", "us", "of the floor", "torch us", "times torch")
    default = products.KINDS if device.type == "cuda" else ("F32", "Q4_K")
    for kind in kinds.pure(chosen) or default:
        cases = products.linears(shape, kind, device)
        report.table(f"products, {kind}", heads, _timed(cases, ceilings, device))
    for tokens in (1, 16):
        cases = between.cases(shape, tokens, device)
        report.table(f"between products, {tokens}", heads, _timed(cases, ceilings, device))
    report.table("attention", heads, _timed(attention.cases(shape, device), ceilings, device))


def _timed(
    cases: Iterable[Case], ceilings: Ceilings, device: torch.device
) -> Iterator[Sequence[object]]:
    for case in cases:
        found = time(case, ceilings, device)
        theirs = None if found.theirs is None else found.theirs * 1e6
        yield found.name, found.seconds * 1e6, found.share, theirs, found.gain


def _passes(
    report: Report,
    shape: Shape,
    kind: str,
    ceilings: Ceilings,
    device: torch.device,
    cells: int,
) -> None:
    small = device.type != "cuda"
    try:
        rig = Rig(shape, kind, cells or passes.cells(small=small), device)
    except torch.OutOfMemoryError:
        return report.fact(f"passes, {kind}", "the device does not hold the weights")
    report.fact(f"weights of {kind}", rig.weight_bytes / 1e9, "GB")
    report.fact(f"cells, {kind}", rig.cells.cells, "(what needs more is left out)")
    report.table(f"passes, {kind}", ALONE, map(_row, _alone(rig, ceilings, small=small)))
    crowd = (256, (1, 4)) if small else (passes.LONG, passes.TOGETHER)
    found = _crowds(passes.together(rig, ceilings, *crowd))
    report.table(f"questions on one context, {kind}", CROWD, found)


def _alone(rig: Rig, ceilings: Ceilings, *, small: bool) -> Iterator[passes.Pass]:
    yield from passes.decoding(rig, ceilings, (64,) if small else passes.CONTEXTS)
    yield from passes.first_tokens(rig, ceilings, (64,) if small else passes.BEHIND)
    yield from (
        passes.prefill(rig, ceilings, (0, 64), 96) if small else passes.prefill(rig, ceilings)
    )


def _row(found: passes.Pass) -> Sequence[object]:
    rate = found.rows * found.tokens / found.seconds
    milliseconds = found.seconds * 1e3, found.worst * 1e3
    return (
        found.what, found.rows, found.context, found.tokens, *milliseconds, rate, found.over
    )  # fmt: skip


def _crowds(together: Iterable[tuple[passes.Pass, float]]) -> Iterator[Sequence[object]]:
    first = 0.0
    for one, alone in together:
        first = first or one.seconds
        times = one.seconds * 1e3, alone * 1e3, one.seconds / first
        yield one.rows, one.context, *times, one.over


def _peers(report: Report, shape: Shape, device: torch.device, options: Options) -> None:
    contexts = passes.CONTEXTS if device.type == "cuda" else (64, 256)
    if options.llama_bench:
        kind = (options.weights or KINDS)[-1]
        path = synthetic.model(shape.name, kind, SEED)
        rates = peers.llama_bench(Path(options.llama_bench), path, contexts, passes.CHUNK)
        heads = ("what", "context", "tokens", "tokens/s")
        report.table(f"llama.cpp, {kind}", heads, rates)
    try:
        peer = peers.Transformers(shape, device)
    except ImportError:
        return report.fact("transformers", "not installed")
    except torch.OutOfMemoryError:
        return report.fact("transformers", "the device does not hold the weights")
    heads = ("rows", "context", "tokens", "ms")
    name = f"transformers {peer.version}, SDPA, not compiled"
    report.table(name, heads, _theirs(peer, contexts, device))


def _theirs(
    peer: peers.Transformers, contexts: Sequence[int], device: torch.device
) -> Iterator[Sequence[object]]:
    for rows, tokens in ((1, 1), (4, 1), (16, 1), (1, passes.QUESTION)):
        for context in contexts:
            if rows * context > 1 << 17:
                continue
            try:
                step = peer.step(rows, context, tokens)
                milliseconds = statistics.median(waited(step, device)) * 1e3
            except torch.OutOfMemoryError:
                milliseconds = None
            yield rows, context, tokens, milliseconds
