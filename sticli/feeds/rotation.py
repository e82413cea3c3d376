"""Where a log goes when it is rotated: NAME.1, NAME.2 … or NAME-20261122, beside the new one.

A file is found again by its inode, or (where it was copied and then emptied) by its content.
"""

import os
import re
import stat
from pathlib import Path

from sticli.feeds.place import Place, holds
from sticli.feeds.tail import Tail

INDEX = 6  # digits of a number at most; more of them are a date
TRIES = 20  # looks at a folder in which files are renamed
_suffix = re.compile(r"[.-](\d[\d._T-]*)")

Identity = tuple[int, int]  # device and inode


def chain(name: str, names: list[str]) -> list[str]:
    """Those of the names that `name` was rotated to, oldest first."""
    found = [
        (match[1], one)
        for one in names
        if one.startswith(name) and (match := _suffix.fullmatch(one, len(name)))
    ]
    return [one for _, one in sorted(found, key=lambda pair: _age(pair[0]))]


def _age(suffix: str) -> tuple[int, int, str]:
    """Sorts dates upwards, then numbers downwards."""
    if suffix.isdecimal() and len(suffix) <= INDEX:
        return (1, -int(suffix), suffix)
    return (0, 0, suffix)


def find(path: Path, place: Place) -> Tail | None:
    """The file in which a place is, at that place: under its name or rotated."""
    for _ in range(TRIES):
        files = _files(path)
        found = _search(files, place)
        if found or _files(path) == files:  # else a rotation came in between
            return found
    return None


def after(path: Path, tail: Tail, place: Place) -> Tail | None:
    """The file that was begun when this one was rotated; None while there is none with content.

    Who writes has left the file then, so that what is in it is all of it. One that was replaced by
    a copy of itself, as some editors do, goes on in the copy at `place`.
    """
    known = _identity(os.fstat(tail.file))
    if identity(path) == known:
        return None
    files = _files(path)
    if files != _files(path):  # a rotation is under way: look again later
        return None
    ours = [number for number, (_, one) in enumerate(files) if one == known]
    later = files[ours[-1] + 1 :] if ours else [one for one in files if one[0] == path]
    since = os.fstat(tail.file).st_mtime_ns
    for file, one in later:
        found = _open(file, one)
        facts = os.fstat(found) if found else None
        if found and not ours and place.offset and holds(found, place):
            return Tail(found, place.offset)
        if found and facts and facts.st_size and (file == path or facts.st_mtime_ns >= since):
            return Tail(found)
        if found:
            os.close(found)
    return None


def identity(path: Path) -> Identity | None:
    """Device and inode of what bears a name, if it is there."""
    try:
        return _identity(os.stat(path))
    except OSError:
        return None


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _files(path: Path) -> list[tuple[Path, Identity]]:
    """What the file was rotated to, oldest first, and itself."""
    try:
        names = chain(path.name, os.listdir(path.parent))
    except OSError:
        names = []
    files = [*(path.with_name(name) for name in names), path]
    return [(file, one) for file in files if (one := identity(file))]


def _search(files: list[tuple[Path, Identity]], place: Place) -> Tail | None:
    newest = files[::-1]
    first = [file for file in newest if file[1] == (place.device, place.inode)]
    others = newest if place.offset else []  # nothing was read: any file would do
    for file, one in [*first, *others]:
        found = _open(file, one)
        if found and holds(found, place):
            return Tail(found, place.offset)
        if found:
            os.close(found)
    return None


def _open(path: Path, known: Identity) -> int | None:
    """The regular file of this name, if it is this one and can be read."""
    try:
        found = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    facts = os.fstat(found)
    if _identity(facts) == known and stat.S_ISREG(facts.st_mode):
        return found
    os.close(found)
    return None
