"""The sha256 of a file, told of as it is computed."""

import hashlib
from collections.abc import Callable
from pathlib import Path

PIECE = 1 << 20
Tell = Callable[[str, int, int], None]  # what goes on, bytes done, bytes of all


def digest(path: Path, tell: Tell, what: str) -> str:
    """The sha256 of a file in hex."""
    found, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
            done += len(piece)
            tell(what, done, total)
    return found.hexdigest()
