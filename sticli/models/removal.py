"""Freeing what was pulled: a file's links, and its bytes once nothing else leads to them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sticli.models import cache
from sticli.models.cache import Pulled


def remove(pulled: Pulled) -> int:
    """Free every revision of a pulled file; how many bytes that gives back."""
    home = cache.place(pulled.repository)
    freed = 0
    for link in list(home.glob("snapshots/*/" + _literal(pulled.file))):
        freed += _drop(link, home)
        for parent in link.parents:
            if parent == home / "snapshots":
                break
            with contextlib.suppress(OSError):  # it holds something else
                parent.rmdir()
    return freed


def _literal(file: str) -> str:
    """A name as a pattern that only it fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in file)


def _drop(link: Path, home: Path) -> int:
    """Take away one link, and then every file on its way that no other link leads to."""
    way = list(_way(link))
    freed = way[-1].stat().st_size if way[-1].is_file() else 0
    link.unlink()
    for place in way[1:]:
        if _wanted(place, home):
            return 0
        place.unlink(missing_ok=True)
    return freed


def _way(link: Path) -> Iterator[Path]:
    """The link and what it leads to, step by step: a blob, which may lead to a shared one."""
    yield link
    while link.is_symlink():
        link = link.parent / link.readlink()
        link = link.parent.resolve() / link.name
        yield link


def _wanted(place: Path, home: Path) -> bool:
    """Whether some link of the cache still leads there."""
    links = (*home.glob("snapshots/*/**/*"), *home.parent.glob("*--*/blobs/*"))
    return any(link.is_symlink() and place in list(_way(link))[1:] for link in links)
