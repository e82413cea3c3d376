"""Kernels as they are launched, compiled without a GPU: what a machine would make of them.

Launchers are called with tensors on the CPU; what they would launch is recorded, and compiled.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import triton
from torch import Tensor
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

from sticli.kernels import device

# Instructions of the tensor cores: which kind, of what shape, of which numbers.
MMA = re.compile(r"\b(wgmma|mma\.sync)\.\S*?(m\d+n\d+k\d+)\S*?\.(s8|f16|bf16|tf32)\b")
BINARIES = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
TYPES: Mapping[torch.dtype, str] = {
    **{torch.float32: "*fp32", torch.float16: "*fp16", torch.bfloat16: "*bf16"},
    **{torch.int8: "*i8", torch.uint8: "*u8", torch.int32: "*i32", torch.int64: "*i64"},
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One kernel as it is compiled for one way of calling it."""

    kernel: Any  # JITFunction
    signature: dict[str, str]
    constants: dict[tuple[int, ...], Any]
    attributes: dict[tuple[int, ...], Any]
    options: dict[str, int]


@dataclass(frozen=True, slots=True)
class Made:
    """What the compilers made of a variant."""

    name: str
    kernel: str
    target: int
    registers: int  # a thread
    spilled: int  # bytes a thread
    shared: int  # bytes a program
    warps: int
    loop: int  # instructions of the longest loop; 0 for none, or where nobody asked
    constants: dict[str, int]  # what it was compiled for
    mma: str  # which instructions of the tensor cores


@contextmanager
def _recording(into: list[Variant]) -> Iterator[None]:
    """Launches are written down instead of run."""

    def record(self: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        into.append(_variant(self, args, kwargs))

    with (
        mock.patch.object(JITFunction, "run", record),
        mock.patch.dict(os.environ, TRITON_INTERPRET="1"),  # as `interpreting` wants it
        device.interpreting(),
    ):
        yield


def record(call: Callable[[], object]) -> list[Variant]:
    """What a call of a launcher launches, in order."""
    variants: list[Variant] = []
    with _recording(variants):
        call()
    return variants


def _variant(kernel: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Variant:
    names = [param.name for param in kernel.params]
    given = dict(zip(names, args, strict=False)) | {k: named[k] for k in named if k in names}
    signature, constants, attributes = {}, {}, {}
    for index, param in enumerate(kernel.params):
        kind, attribute = _kind(param, given[param.name])
        signature[param.name] = kind
        if kind == "constexpr":
            constants[(index,)] = given[param.name]
        elif attribute:
            attributes[(index,)] = [["tt.divisibility", 16]]
    options = {key: value for key, value in named.items() if key not in names}
    return Variant(kernel, signature, constants, attributes, options)


def _kind(param: Any, value: Any) -> tuple[str, bool]:
    """The type Triton gives an argument, and whether it may build on its being 16 times more."""
    if param.is_constexpr or value is None:
        return "constexpr", False
    if isinstance(value, Tensor):
        aligned = value.data_ptr() % 16 == 0
        return TYPES[value.dtype], aligned and not param.do_not_specialize_on_alignment
    if isinstance(value, float):
        return "fp32", False
    if not param.do_not_specialize and value == 1:
        return "constexpr", False
    return "i32", value % 16 == 0 and not param.do_not_specialize


def make(name: str, call: Callable[[], object], target: int, *, loops: bool) -> list[Made]:
    """Compile what a call launches for GPUs of a compute capability, as 90 for 9.0.

    To look for loops takes most of a second a kernel, whatever its size.
    """
    return [_made(name, variant, target, loops) for variant in record(call)]


def _made(name: str, variant: Variant, target: int, loops: bool) -> Made:
    source = ASTSource(
        variant.kernel, variant.signature, variant.constants, attrs=variant.attributes
    )
    compiled = triton.compile(source, target=GPUTarget("cuda", target, 32), options=variant.options)
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(compiled.asm["cubin"])
        file.flush()
        used = _run(BINARIES / "cuobjdump", "-res-usage", file.name)
        code = _run(BINARIES / "nvdisasm", "-c", file.name) if loops else ""
    return Made(
        name=name,
        kernel=variant.kernel.__name__.strip("_"),
        target=target,
        registers=_number("REG", used),
        spilled=_number("STACK", used) + _number("LOCAL", used),
        shared=compiled.metadata.shared,
        warps=compiled.metadata.num_warps,
        loop=_longest_loop(code),
        constants={
            variant.kernel.params[place].name: value
            for (place,), value in variant.constants.items()
            if isinstance(value, int)
        },
        mma=", ".join(sorted({" ".join(found) for found in MMA.findall(compiled.asm["ptx"])})),
    )


def _number(key: str, text: str) -> int:
    found = re.search(rf"{key}:(\d+)", text)
    assert found, text
    return int(found[1])


def _longest_loop(code: str) -> int:
    """How many instructions lie between a label and the last branch back to it; 0 for no loop."""
    labels: dict[str, int] = {}
    count, longest = 0, 0
    for line in code.splitlines():
        if label := re.match(r"(\.L_x_\d+):", line):
            labels[label[1]] = count
        elif re.search(r"/\*[0-9a-f]{4,}\*/ .*;", line):
            count += 1
            if (branch := re.search(r"BRA.*`\((\.L_x_\d+)\)", line)) and branch[1] in labels:
                longest = max(longest, count - labels[branch[1]])
    return longest if longest > 1 else 0  # all code ends with a branch to itself


def _run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
