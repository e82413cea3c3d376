"""The models that this machine has: embedded, pulled, in the settings, at work."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sticli import config
from sticli.client import Client
from sticli.errors import SticliError
from sticli.launch import HANDSHAKE
from sticli.models import cache, shape
from sticli.models.find import EMBEDDED, configured, embedded_model
from sticli.models.header import Header, read_header
from sticli.paths import Paths


@dataclass(frozen=True, slots=True)
class Use:
    """The model that the settings name, and the one that the daemon runs; empty: none."""

    settings: str
    running: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A model: what to call it, where it is, what its file says, or what is wrong with that."""

    name: str
    origin: str
    path: Path
    use: Use
    header: Header | None = None
    problem: str = ""

    @property
    def marks(self) -> str:
        """Whether it is the one that runs, and the one in the settings."""
        runs = same(self.path, self.use.running)
        chosen = same(self.path, self.use.settings)
        return ", ".join(["running"] * runs + ["chosen"] * chosen)

    def facts(self) -> dict[str, object]:
        """The model as JSON has it; what is not known is null."""
        found = self.header
        return {
            "name": self.name,
            "from": self.origin,
            "path": str(self.path),
            "size": self.path.stat().st_size if self.path.exists() else None,
            "quantisation": shape.quantisation(found) if found else None,
            "architecture": found.architecture if found else None,
            "context": shape.context(found) if found else None,
            "sha256": cache.recorded(self.path) or None,
            "running": same(self.path, self.use.running),
            "in_settings": same(self.path, self.use.settings),
            "problem": self.problem or None,
        }


def use(paths: Paths) -> Use:
    """What is in use now; a daemon is asked if one runs, never started."""
    settings, _ = config.load(paths.config_file)
    chosen = configured(settings.model)
    return Use(str(chosen), _running(paths))


def entries(paths: Paths) -> list[Entry]:
    """Every model, each once."""
    found, seen = [], set[str]()
    now = use(paths)
    for name, origin, path in _places(now):
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            found.append(_entry(name, origin, path, now))
    return found


def same(path: Path, other: str) -> bool:
    """Whether both lead to one file."""
    return bool(other) and os.path.realpath(path) == os.path.realpath(other)


def _places(now: Use) -> Iterator[tuple[str, str, Path]]:
    yield EMBEDDED, "sticli", embedded_model()
    for one in cache.pulled():
        yield one.name, f"hf:{one.repository}", one.path
    for path in map(Path, filter(None, (now.settings, now.running))):
        yield path.name, str(path.parent), path


def _entry(name: str, origin: str, path: Path, now: Use) -> Entry:
    try:
        return Entry(name, origin, path, now, read_header(path))
    except SticliError as error:
        return Entry(name, origin, path, now, problem=error.message)


def _running(paths: Paths) -> str:
    """The path of the model that the daemon runs, or that it was given; empty: none is known."""
    client = Client(paths.socket, HANDSHAKE)
    try:
        status = client.status()
    except SticliError:
        return ""
    finally:
        client.close()
    return status.model.path if status.model else status.given
