"""Changes of config.toml: one key at a time, and every other byte of it stays."""

import contextlib
import fcntl
import json
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from sticli.errors import SticliError, refused

Value = str | int | float
_TABLE = re.compile(r"\s*\[")
_VALUE = r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"']+)"""
_HAND = "edit it by hand: `sticli config edit`"


def put(file: Path, key: str, value: Value | None) -> None:
    """Set a key, or remove it (None); the file is made where there is none, for its owner only.

    Raises:
        SticliError: it is no TOML, or cannot be changed so that only this key differs.
    """
    place = Path(os.path.realpath(file))
    with _alone(place):
        _put(place, key, value)


def _put(place: Path, key: str, value: Value | None) -> None:
    before = _read(place)
    known = _parsed(before, place)
    after = _changed(before, key, None if value is None else spelled(key, value))
    wanted = {name: one for name, one in known.items() if name != key}
    wanted |= {} if value is None else {key: value}
    if not _means(after, wanted):
        raise SticliError("bad_request", f"{place}: {key} is written in an unusual way", _HAND)
    if after != before:
        _replace(place, after)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Keep off others who change the file: of two changes at a time none is lost."""
    try:
        with contextlib.suppress(FileExistsError):  # what it is shows when it is opened
            place.parent.mkdir(mode=0o700, parents=True)
        folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise refused(error, place) from None
    try:
        with contextlib.suppress(OSError):  # no locks there: as good as it gets
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def begin(file: Path, text: str) -> None:
    """Make the file, for its owner only.

    Raises:
        SticliError: the system does not let us.
    """
    _replace(Path(os.path.realpath(file)), text)


def spelled(key: str, value: Value) -> str:
    """A value as TOML.

    Raises:
        SticliError: it is text that TOML cannot hold.
    """
    if not isinstance(value, str):
        return repr(value)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        why = f"{key} cannot be {value!a}: it is not valid UTF-8"
        raise SticliError("bad_request", why, "rename the file") from None
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _changed(before: str, key: str, value: str | None) -> str:
    """The text with the key's line changed, added at the end of its part, or left out."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", before)
    line = re.compile(rf"""(\s*(?:{key}|"{key}"|'{key}')\s*=\s*){_VALUE}(.*)""", re.DOTALL)
    end = next((at for at, one in enumerate(lines) if _TABLE.match(one)), len(lines))
    for at, one in enumerate(lines[:end]):
        if found := line.fullmatch(one):
            lines[at] = "" if value is None else found[1] + value + found[3]
            return "".join(lines)
    if value is None:
        return before
    close = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if end and not lines[end - 1].endswith("\n"):
        lines[end - 1] += close
    lines.insert(end, f"{key} = {value}{close}")
    return "".join(lines)


def _read(place: Path) -> str:
    try:
        return place.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise refused(error) from None
    except UnicodeDecodeError as error:
        raise _no_toml(place, error) from None


def _parsed(text: str, place: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(place, error) from None


def _means(text: str, wanted: Mapping[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _no_toml(place: Path, error: ValueError) -> SticliError:
    return SticliError("bad_request", f"{place} is not valid TOML: {error}", _HAND)


def _replace(place: Path, text: str) -> None:
    """Put the text in the place of the file at once, with its permissions."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o600
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=place.name, delete=False) as new:
            try:
                new.write(text.encode("utf-8"))
                new.flush()
                os.fchmod(new.fileno(), mode)
                os.fsync(new.fileno())
                os.replace(new.name, place)
            except BaseException:
                os.unlink(new.name)
                raise
    except OSError as error:
        raise refused(error, place) from None
