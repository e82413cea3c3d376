"""A damaged model file is refused in one line, before llama.cpp maps it."""

import contextlib
import os
import re
import struct
from pathlib import Path

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.errors import SticliError
from sticli.models.header import MOST_TENSORS, read_header
from tests.tiny import CHATML, LAYERS

GGUF_OF_THREE = b"GGUF" + struct.pack("<IQQQ11sIH", 3, 0, 1, 11, b"split.count", 2, 3)
HEAD = 8000  # bytes of the tiny model that hold its header and tensor table


@pytest.fixture(scope="module")
def content(tiny: Path) -> bytes:
    return tiny.read_bytes()


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("victim") / "model.gguf"


def refused(path: Path) -> str:
    with pytest.raises(SticliError) as caught:
        read_header(path)
    assert caught.value.code == "model"
    assert "\n" not in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value.message


def changed(content: bytes, at: int, kind: str, value: int) -> bytes:
    return content[:at] + struct.pack("<" + kind, value) + content[at + struct.calcsize(kind) :]


def test_a_whole_file(tiny: Path) -> None:
    header = read_header(tiny)
    assert (header.name, header.architecture) == ("tiny-1", "llama")
    assert len(header.tensors) == 3 + 9 * LAYERS


def test_agrees_with_the_gguf_package(tiny: Path) -> None:
    header, reader = read_header(tiny), gguf.GGUFReader(tiny)
    for name, field in reader.fields.items():
        contents = field.contents()
        if isinstance(contents, list):
            assert header.lengths[name] == len(contents)
        elif not name.startswith("GGUF."):
            assert header.values[name] == contents
    assert header.values["tokenizer.ggml.token_type"] == (1,) * 264 + (3,) * 3
    for tensor in reader.tensors:
        stored = header.tensors[tensor.name]
        assert stored.shape == tuple(tensor.shape.tolist()[::-1])
        assert (stored.start, stored.size) == (tensor.data_offset, tensor.n_bytes)
        assert stored.kind == tensor.tensor_type


def test_two_tensors_of_one_name(victim: Path) -> None:
    tensor = struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 0, 0, 0)
    victim.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2, 0) + 2 * tensor + bytes(99))
    assert "same name" in refused(victim)


def test_no_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "missing.gguf")
    assert "no file" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "no file" in refused(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"GG", "not a GGUF"),
        (b"\x7fELF" + bytes(100), "not a GGUF"),
        (b"GGUF", "ends inside"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(100), "version 1"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(100), "version 50331648"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "metadata"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 63), "bytes of text"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 20), "ends inside"),
        (b"GGUF" + struct.pack("<IQQQI", 3, 0, 1, 0, 77), "type 77"),
        (b"GGUF" + struct.pack("<IQQQIIQ", 3, 0, 1, 0, 9, 8, 1 << 50), "array"),
        (b"GGUF" + struct.pack("<IQQQIIQ", 3, 0, 1, 0, 9, 9, 1), "type 9"),
        (b"GGUF" + struct.pack("<IQQQIIQQ", 3, 0, 1, 0, 9, 8, 2, 1 << 63), "ends inside"),
        (b"GGUF" + struct.pack("<IQQQI", 3, 1, 0, 0, 5), "dimensions"),
        (GGUF_OF_THREE, "one of 3 files"),
        (b"GGUF" + struct.pack("<IQQQIIQ", 3, 1, 0, 0, 0, 999, 0), "type 999"),
    ],
)
def test_bad_headers(victim: Path, data: bytes, why: str) -> None:
    victim.write_bytes(data)
    assert why in refused(victim)


@pytest.mark.parametrize("missing", [1, 32, 5000, 200_000])
def test_a_download_that_was_cut(victim: Path, content: bytes, missing: int) -> None:
    victim.write_bytes(content[:-missing])
    assert re.search(r"\d+ bytes belong to it, the file holds \d+", refused(victim))


def test_an_offset_beyond_the_file(victim: Path, content: bytes) -> None:
    name = b"output_norm.weight"
    at = content.index(name) + len(name) + 4 + 8 + 4  # one dimension, then the type
    victim.write_bytes(changed(content, at, "Q", len(content)))
    assert "bytes belong to it" in refused(victim)


@pytest.mark.parametrize("alignment", [0, 3, 1 << 31])
def test_an_absurd_alignment(victim: Path, alignment: int) -> None:
    key = b"general.alignment"
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<II", 4, alignment)
    victim.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry)
    assert f"alignment of {alignment}" in refused(victim)


@given(
    edits=st.lists(
        st.tuples(st.integers(0, HEAD), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6
    ),
    length=st.integers(0, 2 * HEAD) | st.none(),
)
def test_any_damage_is_refused_or_harmless(
    victim: Path, content: bytes, edits: list[tuple[int, bytes]], length: int | None
) -> None:
    data = bytearray(content[:length])
    for at, value in edits:
        data[at : at + len(value)] = value
    victim.write_bytes(data)
    with contextlib.suppress(SticliError):
        assert len(read_header(victim).tensors) <= MOST_TENSORS


@given(data=st.binary(max_size=400))
def test_garbage_is_refused(victim: Path, data: bytes) -> None:
    victim.write_bytes(b"GGUF\3\0\0\0" + data)
    with contextlib.suppress(SticliError):
        read_header(victim)


def test_the_header_is_where_the_fuzzing_happens(content: bytes) -> None:
    assert content.index(b"output_norm.weight") < HEAD
    assert CHATML.encode() in content[:HEAD]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (struct.pack("<IQ", 8, 1 << 20), "more bytes of text"),
        (struct.pack("<IIQ", 9, 0, 1 << 20), "more items of arrays"),
    ],
)
def test_holes_cost_the_disk_nothing_and_memory_neither(
    tmp_path: Path, value: bytes, why: str
) -> None:
    with (tmp_path / "model.gguf").open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, 0, 20))
        for _ in range(20):
            file.write(struct.pack("<Q", 0) + value)
            file.seek(1 << 20, os.SEEK_CUR)
        file.write(b"\0")
    assert why in refused(tmp_path / "model.gguf")


def test_what_stands_in_a_header_is_told_in_a_few_words(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    text = struct.pack("<IQ1000s", 8, 1000, b"\n" * 1000)
    for key in (b"split.count", b"general.alignment"):
        named = struct.pack(f"<Q{len(key)}s", len(key), key)
        path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + named + text)
        assert len(refused(path)) < len(str(path)) + 150
    tensor = struct.pack("<Q2sIQIQ", 2, b"a\n", 1, 1, 99, 0)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + tensor)
    assert "'a\\n' is of unknown type 99" in refused(path)
