"""Freeing what was pulled: a file's links, and its bytes once nothing else leads to them."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sticli.models import cache
from sticli.models.cache import Pulled


def remove(pulled: Pulled) -> int:
    """Free every revision of a pulled file; how many bytes that gives back."""
    home = cache.place(pulled.repository)
    freed = 0
    for link in revisions(pulled):
        freed += _drop(link, home)
        for parent in link.parents:
            if parent == home / "snapshots":
                break
            with contextlib.suppress(OSError):  # it holds something else
                parent.rmdir()
    return freed


def revisions(pulled: Pulled) -> list[Path]:
    """What leads to a pulled file, one of each revision."""
    home = cache.place(pulled.repository)
    return list(home.glob("snapshots/*/" + _literal(pulled.file)))


def _literal(file: str) -> str:
    """A name as a pattern that only it fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in file)


def _drop(link: Path, home: Path) -> int:
    """Take away one link, and then every file on its way that no other link leads to.

    What lies outside of the cache was put there by somebody else.
    """
    ours = (home.parent.resolve(), home.resolve())
    behind = list(_way(link))[1:]
    way = [link, *(one for one in behind if any(map(one.is_relative_to, ours)))]
    last = way[-1]
    freed = last.stat().st_size if last.is_file() and not last.is_symlink() else 0
    link.unlink()
    for place in way[1:]:
        if _wanted(place, home):
            return 0
        place.unlink(missing_ok=True)
    return freed


def _way(link: Path) -> Iterator[Path]:
    """The link and what it leads to, step by step: a blob, which may lead to a shared one."""
    seen = set[Path]()
    while link not in seen:  # links may lead in a circle
        yield link
        seen.add(link)
        if link.is_symlink():
            link = link.parent / link.readlink()
            link = Path(os.path.realpath(link.parent), link.name)


def _wanted(place: Path, home: Path) -> bool:
    """Whether some link of the cache still leads there."""
    links = (*home.glob("snapshots/*/**/*"), *home.parent.glob("*--*/blobs/*"))
    return any(link.is_symlink() and place in list(_way(link))[1:] for link in links)
