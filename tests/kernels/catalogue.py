"""Every kernel in the ways models launch it: compiled for four targets, without a GPU.

`python -m tests.kernels.catalogue` compiles all of it and writes kernels/RESOURCES.md, in a
quarter of an hour; with targets and names it prints what became of those, a line of JSON each,
and after `--no-loops` sooner: `python -m tests.kernels.catalogue --no-loops 80,90 "top 2"`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from sticli.kernels import (
    attention,
    columns,
    embed,
    glu,
    matvec,
    norm,
    rope,
    skinny,
    tiled,
    top,
)
from sticli.kernels.formats import FORMATS
from sticli.kernels.operands import (
    BLOCK,
    CELLS,
    TILE,
    Columns,
    Dense,
    Packed,
    Pool,
    Rope,
    Work,
    shape_of_columns,
)
from tests.kernels.compiling import Made, make

TARGETS = (80, 86, 89, 90)
HALF, BF16, FULL = torch.float16, torch.bfloat16, torch.float32
WIDTH = 1024  # of a model: what counts is only that 256 divides it
EPSILON = 1e-6
NO_LOOPS = "--no-loops"

Call = Callable[[], object]


def _packed(name: str) -> Packed:
    form, blocks = FORMATS[name], WIDTH // BLOCK
    shape = (3, blocks, form.groups, TILE)
    kind = torch.int8 if form.supers else HALF
    least = (torch.uint8 if form.supers else HALF) if form.mins else None
    return Packed(
        form,
        3 * TILE,
        WIDTH,
        torch.empty((3, blocks, form.planes, TILE, 32), dtype=torch.uint8),
        torch.empty(shape, dtype=kind),
        torch.empty(shape, dtype=least) if least else None,
        torch.empty((3, blocks, 1 + form.mins, TILE), dtype=HALF) if form.supers else None,
    )


def _columns(tokens: int) -> Columns:
    planes, width = shape_of_columns(tokens)
    blocks = WIDTH // BLOCK
    return Columns(
        planes,
        torch.empty((blocks, 8, width, 32), dtype=torch.int8),
        torch.empty((blocks, width)),
        torch.empty((blocks, 16, width), dtype=torch.int32),
    )


def _ints(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.int32)


def _skinny(name: str, tokens: int) -> None:
    skinny.product(_columns(tokens), _packed(name), torch.empty(4, tokens, 3 * TILE))


def _tiled(name: str, dtype: torch.dtype) -> None:
    tiled.product(torch.empty((64, WIDTH), dtype=dtype), _packed(name), torch.empty(4, 64, 96))


def _matvec(tokens: int, dtype: torch.dtype) -> None:
    weight = Dense(torch.empty((96, WIDTH), dtype=dtype))
    matvec.product(torch.empty((tokens, WIDTH), dtype=dtype), weight, torch.empty(4, tokens, 96))


def _embed(table: Dense | Packed) -> None:
    embed.embed(_ints(16), table, 1.0)


def _norm(tokens: int, after: bool) -> None:
    residual, update, weight = torch.empty(tokens, 4096), torch.empty(4, tokens, 4096), _weight()
    norm.rms_norm(
        residual, update, weight, EPSILON, weight if after else None, columns=True, dtype=BF16
    )


def _weight() -> Tensor:
    return torch.empty(4096)


def _glu(tokens: int, kind: str) -> None:
    glu.glu(torch.empty(4, tokens, 2 * WIDTH), kind, columns=True, dtype=BF16)


def _rope(cells: torch.dtype, size: int, *, norms: bool, interleaved: bool) -> None:
    turns = torch.empty(128, size // 2)
    weight = torch.empty(size)
    rope.rope_write(
        torch.empty(4, 16, (8 + 2 * 2) * size),
        None,
        (weight, weight) if norms else None,
        EPSILON,
        Rope(turns, turns, interleaved),
        *(_ints(16), _ints(16)),
        _pool(cells, 2, size),
        1,
        dtype=BF16,
    )


def _pool(cells: torch.dtype, kv_heads: int, size: int) -> Pool:
    shape = (4, 2, 2, kv_heads, CELLS)
    scales = torch.empty(shape, dtype=HALF) if cells == torch.int8 else None
    return Pool(torch.empty((*shape, size), dtype=cells), scales)


def _attend(
    tile: int, cells: torch.dtype, size: int, *, softcap: float = 0.0, window: int = 0
) -> None:
    """A tile of so many tokens, four query heads to a kv head."""
    work = Work(
        *(_ints(tile), _ints(1, tile), _ints(8, 3), _ints(8, 3), _ints(tile + 1)),
        *(_ints(tile, 2), _ints(1)),
    )
    half = HALF if cells == torch.int8 else cells
    queries, pool = torch.empty((tile, 8, size), dtype=half), _pool(cells, 2, size)
    attention.attend(queries, pool, 1, work, 0.1, softcap, window, columns=True, dtype=half)


def _top(count: int, allowed: bool) -> None:
    bits = torch.empty((16, 16032), dtype=torch.uint8) if allowed else None
    top.top(torch.empty(16, 128256), count, bits)


def _products() -> Iterator[tuple[str, Call]]:
    for name in FORMATS:
        for tokens in (4, 32):
            yield f"skinny {name}, {tokens} tokens", partial(_skinny, name, tokens)
        yield f"tiled {name}, f16", partial(_tiled, name, HALF)
    for name in ("Q8_0", "Q4_K", "Q6_K"):
        yield f"tiled {name}, bf16", partial(_tiled, name, BF16)
        yield f"dequantise {name}", partial(lambda x: tiled.dequantise(_packed(x), BF16), name)
        yield f"embed {name}", partial(lambda x: _embed(_packed(x)), name)
    for tokens in (1, 32):
        yield f"matvec bf16, {tokens} tokens", partial(_matvec, tokens, BF16)
    yield "embed bf16", partial(lambda x: _embed(Dense(x)), torch.empty((96, WIDTH), dtype=BF16))


def _others() -> Iterator[tuple[str, Call]]:
    for tokens in (1, 32):
        planes, width = shape_of_columns(tokens)
        x = torch.empty((tokens, WIDTH), dtype=BF16)
        yield f"quantise, {tokens} tokens", partial(columns.quantise, x, planes, width)
        yield f"rms_norm, {tokens} tokens", partial(_norm, tokens, False)
        yield f"glu silu, {tokens} tokens", partial(_glu, tokens, "silu")
    yield "rms_norm, after another, 64 tokens", partial(_norm, 64, True)
    yield "glu gelu, 64 tokens", partial(_glu, 64, "gelu")
    for cells, kind in ((BF16, "bf16"), (torch.int8, "i8")):
        for size in (64, 128, 256):
            for tile in (1, 16):
                call = partial(_attend, tile, cells, size)
                yield f"attend {kind}, heads of {size}, {tile} tokens", call
        call = partial(_attend, 16, cells, 256, softcap=50.0, window=4096)
        yield f"attend {kind}, heads of 256, 16 tokens, softcap and window", call
        yield f"rope_write {kind}", partial(_rope, cells, 128, norms=False, interleaved=True)
        call = partial(_rope, cells, 128, norms=True, interleaved=False)
        yield f"rope_write {kind}, norms, halves", call
    yield "top 2", partial(_top, 2, False)
    yield "top 16, allowed", partial(_top, 16, True)


ENTRIES: Mapping[str, Call] = dict([*_products(), *_others()])


def made(
    names: Sequence[str], targets: Sequence[int], processes: int, *, loops: bool
) -> list[Made]:
    """Compile entries in several processes that know nothing of the interpreter."""
    words = () if loops else (NO_LOOPS,)
    jobs = [
        (*words, ",".join(map(str, targets[first::processes])), *names)
        for first in range(processes)
    ]
    with ThreadPoolExecutor(processes) as pool:
        return [item for part in pool.map(_elsewhere, jobs) for item in part]


def _elsewhere(words: Sequence[str]) -> list[Made]:
    command = [sys.executable, "-m", "tests.kernels.catalogue", *words]
    others = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    done = subprocess.run(command, capture_output=True, text=True, env=others, check=False)
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    return [Made(**json.loads(line)) for line in done.stdout.splitlines()]


def _write(path: Path) -> None:
    """Write down what becomes of every entry: a row a kernel, numbers for each target."""
    rows: dict[tuple[str, str, int], list[Made]] = {}
    for item in made(list(ENTRIES), TARGETS, len(TARGETS), loops=True):
        rows.setdefault((item.name, item.kernel, item.warps), []).append(item)
    lines = [_line(key, items) for key, items in rows.items()]
    path.write_text(HEAD + "\n".join(lines) + "\n")


def _line(key: tuple[str, str, int], items: list[Made]) -> str:
    def each(numbers: list[int]) -> str:
        same = len(set(numbers)) == 1
        return str(numbers[0]) if same else " / ".join(str(number) for number in numbers)

    cells = (
        *key,
        each([item.registers for item in items]),
        each([item.spilled for item in items]),
        each([item.shared for item in items]),
        each([item.loop for item in items]),
        _per_weight(items[-1]),
        items[-1].mma or "none",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _per_weight(item: Made) -> str:
    """Instructions of the loop over the weights that a thread takes in one round of it."""
    rounds: Mapping[str, Callable[[Mapping[str, int]], int]] = {
        "skinny": lambda constants: constants["TILES"] * TILE * BLOCK,
        "product_kernel": lambda constants: constants["ROWS"] * 32 * constants["STEP"],
        "matvec": lambda constants: constants["ROWS"] * constants["STEP"],
    }
    if item.kernel not in rounds:
        return ""
    return f"{item.loop * item.warps * 32 / rounds[item.kernel](item.constants):.1f}"


def _print(words: list[str]) -> None:
    loops = words[0] != NO_LOOPS
    targets, *names = words if loops else words[1:]
    for target in targets.split(","):
        for name in names:
            for item in make(name, ENTRIES[name], int(target), loops=loops):
                print(json.dumps(asdict(item)), flush=True)


HEAD = """# What the compilers make of the kernels

Made by `python -m tests.kernels.catalogue`, without a GPU, by Triton's own compilers. Where targets
differ, numbers stand for compute capability 8.0 / 8.6 / 8.9 / 9.0. Registers are a thread's,
spilled are bytes of a thread that do not fit them, shared memory is bytes of a program, loop is the
number of instructions of the longest loop, and of those for one weight (9.0).

| call | kernel | warps | registers | spilled | shared | loop | a weight | tensor cores |
|---|---|---|---|---|---|---|---|---|
"""


if __name__ == "__main__":
    if len(sys.argv) == 1:
        _write(Path(__file__).parents[2] / "kernels" / "RESOURCES.md")
    else:
        _print(sys.argv[1:])
