"""What hf:… spells, and which file of a repository it means."""

import pytest

from sticli.errors import SticliError
from sticli.models.reference import Reference, choose, parse

SEVERAL = ("a-F16.gguf", "a-Q4_K.gguf", "a-Q4_K_M.gguf", "a-Q8_0.gguf", "mmproj-a-Q4_K_M.gguf")
SPLIT = tuple(f"big/m-Q6_K-0000{n}-of-00003.gguf" for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "repository", "wanted"),
    [
        ("hf:o/r", "o/r", ""),
        ("hf:Qwen/Qwen2.5-0.5B-GGUF:q8_0", "Qwen/Qwen2.5-0.5B-GGUF", "q8_0"),
        ("hf:o/r:sub/a.gguf", "o/r", "sub/a.gguf"),
    ],
)
def test_references(text: str, repository: str, wanted: str) -> None:
    assert parse(text) == Reference(repository, wanted)
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["o/r", "hf:", "hf:r", "hf:o/r/s", "hf:../r", "hf:o/..", "hf:o/r\n", "hf:-/é", "hf:a b/c"],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(SticliError, match="names no repository") as caught:
        parse(text)
    assert caught.value.code == "bad_request"
    assert "hf:ORG/REPO" in caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "files", "file"),
    [
        ("q4_k_m", SEVERAL, "a-Q4_K_M.gguf"),
        ("Q4_K", SEVERAL, "a-Q4_K.gguf"),
        ("F16", SEVERAL, "a-F16.gguf"),
        ("a-Q8_0.gguf", SEVERAL, "a-Q8_0.gguf"),
        ("a.gguf", ("x/a.gguf", "b.gguf"), "x/a.gguf"),
        ("Q5_0", ("Q5_0/model.gguf", "Q4_0/model.gguf"), "Q5_0/model.gguf"),
        ("Q8_0", (*SPLIT, "m-Q8_0.gguf"), "m-Q8_0.gguf"),
    ],
)
def test_the_file_that_is_named(wanted: str, files: tuple[str, ...], file: str) -> None:
    assert choose(Reference("o/r", wanted), files).file == file


@pytest.mark.parametrize(
    ("files", "file", "reason"),
    [
        (SEVERAL, "a-Q4_K_M.gguf", "Q4_K_M of 4 files"),
        (("a-F16.gguf", "a-Q8_0.gguf"), "a-Q8_0.gguf", "Q8_0 of 2 files"),
        (("a-F16.gguf", "README.md", "mmproj-a.gguf"), "a-F16.gguf", "the only file"),
        (("one-00001-of-00001.gguf",), "one-00001-of-00001.gguf", "the only file"),
    ],
)
def test_the_file_where_nobody_says_which(files: tuple[str, ...], file: str, reason: str) -> None:
    found = choose(Reference("o/r"), files)
    assert (found.file, found.reason) == (file, reason)


@pytest.mark.parametrize(
    ("wanted", "files", "code", "why", "hint"),
    [
        ("", ("README.md", "mmproj-a.gguf"), "not_found", "holds no GGUF", "o/r-GGUF"),
        ("", ("a-F16.gguf", "a-F32.gguf"), "bad_request", "2 files", "a-F16.gguf, a-F32.gguf"),
        ("", ("a-Q8_0.gguf", "b-Q8_0.gguf"), "bad_request", "2 files", "a-Q8_0.gguf, b-Q8_0.gguf"),
        ("Q2_K", SEVERAL, "not_found", "holds no 'Q2_K'", "a-Q8_0.gguf"),
        ("Q8_0", ("a-Q8_0.gguf", "b-Q8_0.gguf"), "bad_request", "not one file", "b-Q8_0.gguf"),
        ("mmproj-a-Q4_K_M.gguf", SEVERAL, "not_found", "holds no", "a-Q8_0.gguf"),
        ("", SPLIT, "model", "one of 3 files", "merge"),
        ("Q6_K", (*SPLIT, "m-Q8_0.gguf"), "model", "one of 3 files", "hf:o/r:m-Q8_0.gguf"),
        (SPLIT[1], SPLIT, "model", "one of 3 files", "merge"),
    ],
)
def test_what_means_no_one_file(
    wanted: str, files: tuple[str, ...], code: str, why: str, hint: str
) -> None:
    with pytest.raises(SticliError, match=why) as caught:
        choose(Reference("o/r", wanted), files)
    assert caught.value.code == code
    assert hint in caught.value.hint


def test_long_lists_are_cut() -> None:
    with pytest.raises(SticliError) as caught:
        choose(Reference("o/r"), [f"{n}.gguf" for n in range(99)])
    assert caught.value.hint.endswith("29.gguf and 69 more")
