"""What lies in the hub's cache, by our own reading of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sticli import models
from sticli.models import cache, removal

ENVIRONMENTS: list[dict[str, str]] = [
    {"HOME": "/h"},
    {"HOME": "/h", "XDG_CACHE_HOME": "/x"},
    {"HOME": "/h", "HF_HOME": "~/hf"},
    {"HOME": "/h", "HF_HOME": "/a", "HUGGINGFACE_HUB_CACHE": "/b"},
    {"HOME": "/h", "HF_HOME": "/a", "HUGGINGFACE_HUB_CACHE": "/b", "HF_HUB_CACHE": "$HOME/c"},
]


def lay(repository: str, revision: str, file: str, data: bytes = b"x", blob: str = "") -> Path:
    """A file of a repository, as the hub's library lays it."""
    home = cache.place(repository)
    link = home / "snapshots" / revision / file
    link.parent.mkdir(parents=True, exist_ok=True)
    place = home / "blobs" / (blob or revision * 64)[:64]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(data)
    link.symlink_to(Path(*[".."] * (2 + file.count("/"))) / "blobs" / place.name)
    return link


def test_it_is_where_the_hubs_library_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import importlib, json, os, sys\n"
        "from huggingface_hub import constants\n"
        "for found in json.loads(sys.argv[1]):\n"
        "    os.environ.clear(); os.environ.update(found)\n"
        "    print(importlib.reload(constants).HF_HUB_CACHE)\n"
    )
    words = [sys.executable, "-P", "-c", code, json.dumps(ENVIRONMENTS)]
    theirs = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    monkeypatch.setenv("HOME", "/h")  # which ~ and $HOME stand for
    assert [str(cache.folder(found)) for found in ENVIRONMENTS] == theirs


def test_models_are_found_and_nothing_else() -> None:
    lay("o/r", "a", "m-Q8_0.gguf")
    lay("o/r", "a", "sub/n.GGUF")
    for name in ("mmproj-m.gguf", "imatrix.gguf", "README.md", "m.gguf.part"):
        lay("o/r", "a", name)
    gone = lay("o/r", "a", "gone.gguf", blob="f" * 64)
    gone.resolve().unlink()
    (cache.folder() / "datasets--o--r" / "snapshots" / "a").mkdir(parents=True)
    found = {one.reference: one.path for one in cache.pulled()}
    home = cache.place("o/r") / "snapshots" / "a"
    assert found == {
        "hf:o/r:m-Q8_0.gguf": home / "m-Q8_0.gguf",
        "hf:o/r:sub/n.GGUF": home / "sub" / "n.GGUF",
    }


def test_the_revision_in_use_counts() -> None:
    older = lay("o/r", "a", "m.gguf")
    newer = lay("o/r", "b", "m.gguf")
    (older.parent / "touched").touch()
    refs = cache.place("o/r") / "refs"
    refs.mkdir()
    for revision, path in (("a", older), ("b", newer)):
        (refs / "main").write_text(revision)
        assert [one.path for one in cache.pulled()] == [path]


def test_the_hash_is_the_name_of_what_a_link_leads_to(tmp_path: Path) -> None:
    assert cache.recorded(lay("o/r", "a", "m.gguf")) == "a" * 64
    assert cache.recorded(lay("o/r", "b", "n.gguf", blob="short")) == ""
    assert cache.recorded(tmp_path / "none.gguf") == ""


def test_names_tell_models_apart() -> None:
    lay("o/r", "a", "m.gguf")
    lay("o/s", "a", "m.gguf")
    lay("o/s", "a", "n.gguf")
    assert sorted(models.names()) == ["hf:o/r:m.gguf", "hf:o/s:m.gguf", "n.gguf"]


def test_names_load_no_library() -> None:
    code = "import sys, sticli.models; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    heavy = {"huggingface_hub", "httpx2", "msgspec", "numpy", "rich", "typer"}
    assert not heavy & {name.split(".")[0] for name in loaded.stdout.split()}


def test_removal_frees_every_revision_and_spares_what_others_need() -> None:
    lay("o/r", "a", "m.gguf", b"12345")
    lay("o/r", "b", "m.gguf", b"123")
    other = lay("o/r", "b", "README.md", b"1", blob="c" * 64)
    shared = lay("o/r", "d", "same.gguf", b"123", blob="b" * 64)
    (found,) = [one for one in cache.pulled() if one.file == "m.gguf"]
    assert removal.remove(found) == 5  # what `same.gguf` is too, stays
    assert other.is_file()
    assert shared.is_file()
    assert not (cache.place("o/r") / "snapshots" / "a").exists()
    (found,) = cache.pulled()
    assert removal.remove(found) == 3
    assert [one.name for one in (cache.place("o/r") / "blobs").iterdir()] == ["c" * 64]


def test_removal_of_bytes_that_repositories_share() -> None:
    store = cache.folder() / "blobs" / "ab" / ("ab" * 32)
    store.parent.mkdir(parents=True)
    store.write_bytes(b"1234567")
    for name in ("o/r", "o/s"):
        lay(name, "a", "m.gguf")
        blob = cache.place(name) / "blobs" / ("a" * 64)
        blob.unlink()
        blob.symlink_to(Path("..", "..", "blobs", "ab", store.name))
    first, second = cache.pulled()
    assert (first.sha256, removal.remove(first)) == ("a" * 64, 0)
    assert second.path.read_bytes() == b"1234567"
    assert removal.remove(second) == 7
    assert not store.exists()


def test_removal_leaves_what_lies_outside_of_the_cache(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"1234567")
    link = lay("o/r", "a", "m.gguf")
    (cache.place("o/r") / "blobs" / ("a" * 64)).unlink()
    link.unlink()
    link.symlink_to(own)
    loop = link.with_name("loop")
    loop.symlink_to(loop)
    (found,) = cache.pulled()
    assert (removal.remove(found), own.read_bytes(), link.is_symlink()) == (0, b"1234567", False)


def test_names_with_the_letters_of_patterns() -> None:
    lay("o/r", "a", "m[1]*?.gguf")
    spared = lay("o/r", "b", "m1xy.gguf")
    removal.remove(next(one for one in cache.pulled() if "*" in one.file))
    assert [one.path for one in cache.pulled()] == [spared]
