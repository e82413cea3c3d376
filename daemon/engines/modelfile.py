"""The header of a GGUF file, checked in plain Python before llama.cpp sees the file."""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from sticli.daemon.engines.model import refusal

MOST_METADATA = 10_000
MOST_TENSORS = 100_000
MOST_ITEMS = 16 << 20  # of one array; the largest vocabularies have 300,000 tokens
LONGEST_STRING = 16 << 20
LONGEST_NAME = 63  # of a tensor
MOST_DIMENSIONS = 4
_CUT = "it ends inside its header"
_STRING, _ARRAY = 8, 9
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes by type
_SIZES = {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}
_KNOWN = {int(kind) for kind in GGMLQuantizationType}


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says about itself."""

    name: str
    architecture: str
    tensors: int


class _Reader:
    """A cursor over the mapped file that never leaves it."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0

    def take(self, kind: str) -> int:
        """One little-endian integer of a struct format letter."""
        (value,) = struct.unpack("<" + kind, self.raw(struct.calcsize("<" + kind)))
        return int(value)

    def raw(self, count: int) -> bytes:
        self.skip(count)
        return self._data[self.at - count : self.at]

    def skip(self, count: int) -> None:
        if count > len(self._data) - self.at:
            raise ValueError(_CUT)
        self.at += count

    def count(self, kind: str, most: int, what: str) -> int:
        """A number of things that must not exceed `most`."""
        value = self.take(kind)
        if not 0 <= value <= most:
            raise ValueError(f"{value} {what} in its header, at most {most} make sense")
        return value

    def skip_strings(self, items: int) -> None:
        """Pass over many strings; a vocabulary has hundreds of thousands."""
        unpack = struct.Struct("<Q").unpack_from
        data, end, at = self._data, len(self._data), self.at
        for _ in range(items):
            if at + 8 > end:
                raise ValueError(_CUT)
            at += 8 + unpack(data, at)[0]
        self.skip(at - self.at)

    def string(self) -> bytes:
        return self.raw(self.count("Q", LONGEST_STRING, "bytes of text"))


def check(path: Path) -> Header:
    """The header of a model file whose counts, lengths and offsets all lie within the file.

    Raises:
        SticliError: it cannot be read, is no GGUF file, or is cut short or damaged.
    """
    try:
        if path.exists() and not (path.is_file() and path.stat().st_size):
            raise ValueError("it is empty or no file")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _parse(data)
    except ValueError as error:
        raise refusal(path, str(error)) from None
    except OSError as error:
        raise refusal(path, (error.strerror or str(error)).lower()) from None


def _parse(data: mmap.mmap) -> Header:
    reader = _Reader(data)
    if len(data) < 4 or reader.raw(4) != b"GGUF":
        raise ValueError("it is not a GGUF file")
    version = reader.take("I")
    if version not in (2, 3):
        raise ValueError(f"GGUF version {version} is not supported, 2 and 3 are")
    tensors = reader.count("Q", MOST_TENSORS, "tensors")
    metadata = reader.count("Q", MOST_METADATA, "metadata values")
    values = _metadata(reader, metadata)
    alignment = _alignment(values)
    ends = [_tensor_end(reader) for _ in range(tensors)]
    start = -(-reader.at // alignment) * alignment
    if ends and start + max(ends) > len(data):
        raise ValueError(f"{start + max(ends)} bytes belong to it, the file holds {len(data)}")
    return Header(
        name=values.get(b"general.name", b"").decode("utf-8", "replace"),
        architecture=values.get(b"general.architecture", b"").decode("utf-8", "replace"),
        tensors=tensors,
    )


def _metadata(reader: _Reader, count: int) -> Mapping[bytes, bytes]:
    """The raw bytes of every value that is no array."""
    values = {}
    for _ in range(count):
        key = reader.string()
        kind = reader.take("I")
        if kind == _ARRAY:
            _skip_array(reader)
        else:
            values[key] = reader.string() if kind == _STRING else reader.raw(_width(kind))
    return values


def _skip_array(reader: _Reader) -> None:
    kind = reader.take("I")
    items = reader.count("Q", MOST_ITEMS, "items of an array")
    if kind != _STRING:
        reader.skip(items * _width(kind))
        return
    reader.skip_strings(items)


def _width(kind: int) -> int:
    if kind not in _WIDTHS:
        raise ValueError(f"metadata of unknown type {kind}")
    return _WIDTHS[kind]


def _alignment(values: Mapping[bytes, bytes]) -> int:
    alignment = int.from_bytes(values.get(b"general.alignment", b"\x20"), "little")
    if not 1 <= alignment <= 1 << 16 or alignment & (alignment - 1):
        raise ValueError(f"an alignment of {alignment}")
    return alignment


def _tensor_end(reader: _Reader) -> int:
    """Where a tensor's data ends, counted from the start of all data."""
    name = reader.raw(reader.count("Q", LONGEST_NAME, "bytes of a tensor's name"))
    items = 1
    for _ in range(reader.count("I", MOST_DIMENSIONS, "dimensions of a tensor")):
        items *= reader.count("Q", 1 << 40, "items of a tensor")
    kind, offset = reader.take("I"), reader.take("Q")
    if kind not in _KNOWN:
        raise ValueError(f"tensor {name.decode('utf-8', 'replace')} is of unknown type {kind}")
    block, width = _SIZES[kind]
    return int(offset + items // block * width)
