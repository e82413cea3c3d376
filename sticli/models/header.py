"""The header of a GGUF file, checked in plain Python before an engine sees the file."""

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sticli.errors import SticliError
from sticli.models.formats import FORMATS

MOST_METADATA = 10_000
MOST_TENSORS = 100_000
MOST_ITEMS = 16 << 20  # of all arrays; the largest vocabularies have 300,000 tokens
MOST_TEXT = 16 << 20  # bytes of all text that is kept
LONGEST_NAME = 63  # of a tensor
MOST_DIMENSIONS = 4
_STRING, _ARRAY = 8, 9
MOST_KEPT = 4096  # items of an array of numbers that are worth keeping: it may say one a layer
_LETTERS = "BbHhIif?  Qqd"  # of numbers, by type

Number = int | float  # a flag is a number too
Value = str | Number | tuple[Number, ...]


class Cut(ValueError):
    """The data ends inside the header."""

    def __init__(self) -> None:
        super().__init__("it ends inside its header")


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in the file: its type's number, sizes with the innermost last, place in bytes."""

    kind: int
    shape: tuple[int, ...]
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says about itself; of long arrays and those of text it keeps the length."""

    name: str
    architecture: str
    values: Mapping[str, Value]
    lengths: Mapping[str, int]
    tensors: Mapping[str, Stored]


class _Reader:
    """A cursor over the data that never leaves it."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self._data = data
        self.at = 0
        self._text, self._items, self._kept = MOST_TEXT, MOST_ITEMS, 16 * MOST_KEPT  # are left

    def take(self, kind: str) -> int:
        """One little-endian integer of a struct format letter."""
        (value,) = struct.unpack("<" + kind, self.raw(struct.calcsize("<" + kind)))
        return int(value)

    def raw(self, count: int) -> bytes:
        self.skip(count)
        return self._data[self.at - count : self.at]

    def skip(self, count: int) -> None:
        if count > len(self._data) - self.at:
            raise Cut
        self.at += count

    def numbers(self, kind: int, items: int) -> tuple[Number, ...]:
        """Numbers of a type of metadata."""
        form = struct.Struct(f"<{items}{_letter(kind)}")
        return form.unpack(self.raw(form.size))

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
                raise Cut
            at += 8 + unpack(data, at)[0]
        self.skip(at - self.at)

    def string(self) -> bytes:
        found = self.raw(self.count("Q", self._text, "more bytes of text"))
        self._text -= len(found)
        return found

    def items(self) -> tuple[int, bool]:
        """The length of an array, and whether its numbers are worth keeping."""
        items = self.count("Q", self._items, "more items of arrays")
        self._items -= items
        kept = items <= min(MOST_KEPT, self._kept)
        self._kept -= items if kept else 0
        return items, kept


def read_header(path: Path) -> Header:
    """The header of a model file whose counts, lengths and offsets all lie within the file.

    Raises:
        SticliError: it cannot be read, is no GGUF file, or is cut short or damaged.
    """
    try:
        if path.exists() and not (path.is_file() and path.stat().st_size):
            raise ValueError("it is empty or no file")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse(data, len(data))
    except ValueError as error:
        raise refusal(path, str(error)) from None
    except OSError as error:
        raise refusal(path, (error.strerror or str(error)).lower()) from None


def refusal(path: object, why: str) -> SticliError:
    """The error that says why a model file cannot be used."""
    return SticliError(
        "model", f"cannot load {path}: {why}", "give a whole GGUF file of a text model"
    )


def parse(data: mmap.mmap | bytes, size: int) -> Header:
    """The header of a file of `size` bytes that starts with `data`.

    Raises:
        Cut: more of the file is needed to tell.
        ValueError: what is wrong with it.
    """
    reader = _Reader(data)
    if len(data) < 4 or reader.raw(4) != b"GGUF":
        raise ValueError("it is not a GGUF file")
    version = reader.take("I")
    if version not in (2, 3):
        raise ValueError(f"GGUF version {version} is not supported, 2 and 3 are")
    tensors = reader.count("Q", MOST_TENSORS, "tensors")
    values, lengths = _metadata(reader, reader.count("Q", MOST_METADATA, "metadata values"))
    alignment = _alignment(values.get("general.alignment", 32))
    parts = values.get("split.count", 1)
    if parts not in (0, 1):  # llama.cpp would open the others, unchecked
        raise ValueError(
            f"it is one of {parts!r:.40} files that belong together: merge them into one"
        )
    stored = dict(_tensor(reader) for _ in range(tensors))
    if len(stored) < tensors:
        raise ValueError("two tensors of it have the same name")
    start = -(-reader.at // alignment) * alignment
    end = max((item.start + item.size for item in stored.values()), default=0)
    if stored and start + end > size:
        raise ValueError(f"{start + end} bytes belong to it, the file holds {size}")
    return Header(
        name=_text(values.get("general.name")),
        architecture=_text(values.get("general.architecture")),
        values=values,
        lengths=lengths,
        tensors={name: replace(item, start=start + item.start) for name, item in stored.items()},
    )


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _metadata(reader: _Reader, count: int) -> tuple[dict[str, Value], dict[str, int]]:
    """Every value that is no long array and no array of text; and the length of every array."""
    values: dict[str, Value] = {}
    lengths = {}
    for _ in range(count):
        key = _decoded(reader.string())
        kind = reader.take("I")
        if kind == _ARRAY:
            lengths[key], kept = _array(reader)
            values.update({key: kept} if kept else {})
        else:
            values[key] = (
                _decoded(reader.string()) if kind == _STRING else reader.numbers(kind, 1)[0]
            )
    return values, lengths


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _array(reader: _Reader) -> tuple[int, tuple[Number, ...]]:
    """How many items it has, and those that are kept."""
    kind = reader.take("I")
    items, kept = reader.items()
    if kind == _STRING:
        reader.skip_strings(items)
        return items, ()
    if kept:
        return items, reader.numbers(kind, items)
    reader.skip(items * struct.calcsize("<" + _letter(kind)))
    return items, ()


def _letter(kind: int) -> str:
    """The struct format letter of a type of numbers."""
    letter = _LETTERS[kind] if kind < len(_LETTERS) else " "
    if letter == " ":
        raise ValueError(f"metadata of unknown type {kind}")
    return letter


def _alignment(value: Value) -> int:
    if not isinstance(value, int) or not 1 <= value <= 1 << 16 or value & (value - 1):
        raise ValueError(f"an alignment of {value!r:.40}")
    return value


def _tensor(reader: _Reader) -> tuple[str, Stored]:
    """A tensor's name and entry; `start` is counted from the start of all data."""
    name = _decoded(reader.raw(reader.count("Q", LONGEST_NAME, "bytes of a tensor's name")))
    shape: list[int] = []
    for _ in range(reader.count("I", MOST_DIMENSIONS, "dimensions of a tensor")):
        shape.insert(0, reader.count("Q", 1 << 40, "items of a tensor"))
    kind, offset = reader.take("I"), reader.take("Q")
    if kind not in FORMATS:
        raise ValueError(f"tensor {name!r} is of unknown type {kind}")
    _, items, size = FORMATS[kind]
    return name, Stored(kind, tuple(shape), offset, math.prod(shape) // items * size)
