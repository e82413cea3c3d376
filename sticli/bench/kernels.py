"""The GPU engine on this machine, behind `sticli bench kernels`.

Prints what the device can do at best, then every kernel and whole passes of a model of random
weights against that, against torch, and against other engines, all in one run. Without a GPU the
reference computes a tiny shape on the CPU: the figures then say that the bench works, no more.
"""

import json
import platform
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import triton

from sticli.bench.gpu import attention, files, passes, peers, products, synthetic
from sticli.bench.gpu.case import Case, time
from sticli.bench.gpu.ceilings import Ceilings, measure
from sticli.bench.gpu.rig import Rig
from sticli.bench.gpu.shapes import SHAPES, Shape
from sticli.bench.gpu.stopwatch import waited
from sticli.errors import SticliError
from sticli.render import columns

KINDS = ("BF16", "Q8_0", synthetic.MIXED)
PARTS = ("kernels", "passes", "peers")
SEED = 1


class Report:
    """Tables, printed as they are filled, and everything in one JSON document at the end."""

    def __init__(self) -> None:
        self.found: dict[str, object] = {}

    def fact(self, name: str, value: object) -> None:
        self.found[name] = value
        print(f"{name}: {value}", flush=True)

    def table(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows are printed together, once all are there, for their columns to be aligned."""
        kept = [[_cell(value) for value in row] for row in rows]
        self.found[name] = [dict(zip(heads, row, strict=True)) for row in kept]
        print(f"\n{name}\n{columns([list(heads), *kept])}", end="", flush=True)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    return "-" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure; an empty shape and no cells leave the choice to the device."""

    shape: str = ""
    weights: tuple[str, ...] = KINDS
    parts: tuple[str, ...] = PARTS
    cells: int = 0
    llama_bench: str = ""
    output: str = ""


def run(options: Options) -> None:
    """Measure and print; `output` gets everything as JSON too.

    Raises:
        SticliError: an option names nothing that is known.
    """
    _check(options)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    shape = SHAPES[options.shape or ("llama-8b" if device.type == "cuda" else "tiny")]
    torch.manual_seed(SEED)
    report = Report()
    with torch.inference_mode():
        ceilings = _ceilings(report, shape, device)
        if "kernels" in options.parts:
            _kernels(report, shape, ceilings, device)
        if "passes" in options.parts:
            for kind in options.weights:
                _passes(report, shape, kind, ceilings, device, options.cells)
        if "peers" in options.parts:
            _peers(report, shape, device, options)
        after = measure(device, _dtype(device))
    report.fact(
        "ceilings at the end", f"{after.copy / 1e9:.4g} GB/s, {after.product / 1e12:.4g} T/s"
    )
    if options.output:
        Path(options.output).write_text(json.dumps(report.found, indent=1))


def _check(options: Options) -> None:
    for what, given, known in (
        ("shape", [options.shape] if options.shape else [], SHAPES),
        ("kind of weights", options.weights, synthetic.KINDS),
        ("part", options.parts, PARTS),
    ):
        for name in given:
            if name not in known:
                raise SticliError(
                    "bad_request", f"no {what} {name!r}", f"known: {', '.join(known)}"
                )


def _dtype(device: torch.device) -> torch.dtype:
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def _ceilings(report: Report, shape: Shape, device: torch.device) -> Ceilings:
    named = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU {platform.machine()}"
    report.fact("device", named)
    report.fact("versions", f"torch {torch.__version__}, triton {triton.__version__}")
    report.fact("shape", f"{shape}, seed {SEED}")
    ceilings = measure(device, _dtype(device))
    report.fact("copy", f"{ceilings.copy / 1e9:.4g} GB/s, read and written")
    report.fact("product", f"{ceilings.product / 1e12:.4g} T operations/s, {_dtype(device)}")
    return ceilings


def _kernels(report: Report, shape: Shape, ceilings: Ceilings, device: torch.device) -> None:
    heads = ("what · rows", "us", "of the floor", "torch us", "times torch")
    kinds = products.KINDS if device.type == "cuda" else ("F32", "Q4_K")
    for kind in kinds:
        cases = products.linears(shape, kind, device)
        report.table(f"products, {kind}", heads, _timed(cases, ceilings, device))
    for tokens in (1, 16):
        cases = products.small(shape, tokens, device)
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
    rig = Rig(shape, kind, cells or _room(device), device)
    report.fact(f"weights of {kind}", f"{rig.weight_bytes / 1e9:.4g} GB, {rig.weight_count:,}")
    heads = ("what", "rows", "context", "tokens", "ms", "p99 ms", "tokens/s", "over the floor")
    contexts = (64,) if small else passes.CONTEXTS
    behind = (64,) if small else passes.BEHIND
    found = [
        *passes.decoding(rig, ceilings, contexts),
        *passes.first_tokens(rig, ceilings, behind),
        *(passes.prefill(rig, ceilings, (0, 64), 96) if small else passes.prefill(rig, ceilings)),
    ]
    report.table(f"passes, {kind}", heads, map(_row, found))
    crowd = (256, (1, 4)) if small else (passes.LONG, passes.TOGETHER)
    together = list(passes.together(rig, ceilings, *crowd))
    first = together[0][0].seconds
    report.table(
        f"questions on one context, {kind}",
        ("questions", "context", "ms together", "ms one by one", "over one", "over the floor"),
        (
            (
                one.rows,
                one.context,
                one.seconds * 1e3,
                alone * 1e3,
                one.seconds / first,
                one.over,
            )
            for one, alone in together
        ),
    )


def _row(found: passes.Pass) -> Sequence[object]:
    rate = found.rows * found.tokens / found.seconds
    milliseconds = found.seconds * 1e3, found.p99 * 1e3
    return (
        found.what, found.rows, found.context, found.tokens, *milliseconds, rate, found.over
    )  # fmt: skip


def _room(device: torch.device) -> int:
    """Cells of the pool: enough for 16 rows of 8k, and one of 64k."""
    return 16 * 8192 + 65536 if device.type == "cuda" else 1 << 14


def _peers(report: Report, shape: Shape, device: torch.device, options: Options) -> None:
    contexts = passes.CONTEXTS if device.type == "cuda" else (64, 256)
    if options.llama_bench:
        kind = options.weights[-1]
        with files.written(shape, kind) as path:
            rates = peers.llama_bench(Path(options.llama_bench), path, list(contexts))
        report.table(f"llama.cpp, {kind}", ("context", "tokens/s"), rates.items())
    try:
        peer = peers.Transformers(shape, device)
    except ImportError:
        return report.fact("transformers", "not installed")
    heads = ("rows", "context", "tokens", "ms")
    report.table(f"transformers {peer.version}, SDPA", heads, _theirs(peer, contexts, device))


def _theirs(
    peer: peers.Transformers, contexts: Sequence[int], device: torch.device
) -> Iterator[Sequence[object]]:
    for rows, tokens in ((1, 1), (4, 1), (16, 1), (1, passes.QUESTION)):
        for context in contexts:
            if rows * context <= 1 << 17:
                step = peer.step(rows, context, tokens)
                yield rows, context, tokens, statistics.median(waited(step, device)) * 1e3
