"""A change of config.toml is of one key, or is refused."""

import os
import stat
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.errors import SticliError
from sticli.settings_file import Value, put, spelled

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.one_of(TEXT, st.integers(-(1 << 62), 1 << 62), st.floats(allow_nan=False))
KEPT = """# mine
[not.ours]
threads = 7
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that every example writes anew."""
    return tmp_path_factory.mktemp("settings") / "config.toml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def changed(file: Path, before: str, key: str, value: Value | None) -> str:
    file.write_bytes(before.encode())
    put(file, key, value)
    return file.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "threads = 2\n"),
        ("threads = 1", "threads = 2"),
        ("  threads=1  # one each\n", "  threads=2  # one each\n"),
        ('"threads" = 1\nmodel = "a"\n', '"threads" = 2\nmodel = "a"\n'),
        ("a = 1\r\nthreads = 1\r\n", "a = 1\r\nthreads = 2\r\n"),
        ("a = 1\r\n", "a = 1\r\nthreads = 2\r\n"),
        ("a = 1", "a = 1\nthreads = 2\n"),
        ("# threads = 9\n" + KEPT, "# threads = 9\n# mine\nthreads = 2\n[not.ours]\nthreads = 7\n"),
        ('model = "threads = 1"\nthreads = 1\n', 'model = "threads = 1"\nthreads = 2\n'),
        ('m = "a\u2028b" # ü\nthreads = 0x1\n', 'm = "a\u2028b" # ü\nthreads = 2\n'),
    ],
)
def test_every_other_byte_stays(file: Path, before: str, after: str) -> None:
    assert changed(file, before, "threads", 2) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("a = 1\n", "a = 1\n"),
        ("a = 1\nmodel = 'x' # this\nb = 2\n", "a = 1\nb = 2\n"),
        ("model='x'", ""),
    ],
)
def test_a_key_is_removed(file: Path, before: str, after: str) -> None:
    assert changed(file, before, "model", None) == after


@pytest.mark.parametrize(
    "before",
    [
        'model = """\nx"""\n',
        "model = [1,\n 2]\n",
        'note = """\nmodel = "inside"\n"""\n',
        "model.name = 1\n",
        "[model]\nname = 1\n",
    ],
)
def test_what_cannot_be_changed_alone_is_refused(file: Path, before: str) -> None:
    with pytest.raises(SticliError, match="unusual way") as caught:
        changed(file, before, "model", "new")
    assert "config edit" in caught.value.hint
    assert file.read_text() == before


@pytest.mark.parametrize("before", [b"threads = = 1\n", b"a = '\xff'\n"])
def test_what_is_no_toml_is_refused(file: Path, before: bytes) -> None:
    file.write_bytes(before)
    with pytest.raises(SticliError, match="not valid TOML"):
        put(file, "threads", 1)
    assert file.read_bytes() == before


@settings(max_examples=40)  # each is written to the disk
@given(before=st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), VALUES), value=VALUES)
def test_only_that_key_differs(scratch: Path, before: dict[str, Value], value: Value) -> None:
    text = "".join(f"{key} = {spelled(key, one)}\n" for key, one in before.items())
    assert tomllib.loads(changed(scratch, text, "threads", value)) == before | {"threads": value}
    without = {key: one for key, one in before.items() if key != "threads"}
    assert tomllib.loads(changed(scratch, text, "threads", None)) == without


def test_of_changes_at_the_same_time_none_is_lost(file: Path) -> None:
    keys = [f"key{n}" for n in range(16)]
    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda key: put(file, key, 1), keys))
    assert tomllib.loads(file.read_text()) == dict.fromkeys(keys, 1)


def test_permissions_and_links_stay(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "real" / "settings.toml"
    real.parent.mkdir()
    real.write_text("threads = 1\n")
    real.chmod(0o640)
    file.symlink_to(real)
    put(file, "threads", 3)
    assert file.is_symlink()
    assert real.read_text() == "threads = 3\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert os.listdir(real.parent) == ["settings.toml"]


def test_a_new_file_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    put(file, "threads", 3)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_the_system_refuses_leaves_no_trace(file: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(SticliError, match="Not a directory"):
        put(tmp_path / "plain" / "config.toml", "threads", 1)
    file.mkdir()
    with pytest.raises(SticliError, match="Is a directory"):
        put(file, "threads", 1)
    assert sorted(os.listdir(tmp_path)) == ["config.toml", "plain"]


def test_text_that_toml_cannot_hold(file: Path) -> None:
    with pytest.raises(SticliError, match="UTF-8"):
        put(file, "model", "/a\udcff.gguf")
    assert not file.exists()
