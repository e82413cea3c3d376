"""A model file's tensors, mapped: each taken once by name, its shape and type checked first."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray

from sticli.daemon.engines.base import Progress
from sticli.kernels.formats import FORMATS
from sticli.models.header import Header, Stored
from sticli.models.hparams import refuse

NUMBERS = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


@dataclass(frozen=True, slots=True)
class Raw:
    """A matrix as the file holds it: u8 [rows, bytes of a row]."""

    kind: str
    columns: int
    data: NDArray[np.uint8]


class Tensors:
    """What is left to take of a file, whose header was checked."""

    def __init__(self, path: Path, header: Header, progress: Progress) -> None:
        self._path = path
        # Copies on write: torch wants memory that it may write to, though nothing does.
        self._bytes = np.memmap(path, np.uint8, mode="c")
        self._left = dict(header.tensors)
        self._progress = progress
        self._total = sum(item.size for item in header.tensors.values())
        self._done = 0

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def matrix(self, name: str, rows: int, columns: int) -> Raw:
        """A matrix.

        Raises:
            SticliError: the file lacks it, or holds another shape, or a type unknown here.
        """
        stored = self._take(name, (rows, columns))
        kind = GGMLQuantizationType(stored.kind)
        block, _ = GGML_QUANT_SIZES[kind]
        if kind.name not in NUMBERS and kind.name not in FORMATS:
            known = ", ".join([*NUMBERS, *FORMATS])
            refuse(self._path, f"{name} is of type {kind.name}; {known} are supported")
        if columns % block:
            refuse(self._path, f"{name} has rows of {columns}, {kind.name} packs {block} together")
        return Raw(kind.name, columns, self._read(stored).reshape(rows, -1))

    def vector(self, name: str, size: int) -> NDArray[np.float32]:
        """A vector of plain numbers.

        Raises:
            SticliError: as for `matrix`.
        """
        stored = self._take(name, (size,))
        kind = GGMLQuantizationType(stored.kind).name
        if kind not in NUMBERS:
            refuse(self._path, f"{name} is of type {kind}; {', '.join(NUMBERS)} are supported")
        values = self._read(stored).view(NUMBERS[kind])
        if kind == "BF16":
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float32)

    def _take(self, name: str, shape: tuple[int, ...]) -> Stored:
        if name not in self._left:
            refuse(self._path, f"it lacks {name}")
        stored = self._left.pop(name)
        if stored.shape != shape:
            refuse(self._path, f"{name} is of shape {stored.shape}, {shape} belongs there")
        return stored

    def _read(self, stored: Stored) -> NDArray[np.uint8]:
        data: NDArray[np.uint8] = np.asarray(self._bytes[stored.start : stored.start + stored.size])
        self._done += stored.size
        self._progress(self._done, self._total)
        return data

    def finish(self) -> None:
        """Make sure that everything was taken.

        Raises:
            SticliError: the model computes with something that this engine does not know.
        """
        if self._left:
            refuse(self._path, f"it holds {min(self._left)}, which is not supported")
