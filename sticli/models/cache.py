"""What was pulled: GGUF files in the cache of the Hugging Face hub, found without its library."""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".gguf"
SHA256 = re.compile("[0-9a-f]{64}")
_REPOSITORY = "models--"
_ASIDE = re.compile("mmproj|imatrix", re.IGNORECASE)  # no models, though they are GGUF files


@dataclass(frozen=True, slots=True)
class Pulled:
    """A GGUF file of a repository; `path` leads to it and `file` is its name there."""

    repository: str
    file: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def reference(self) -> str:
        """What names it and no other."""
        return f"hf:{self.repository}:{self.file}"

    @property
    def sha256(self) -> str:
        """What the hub said when it was fetched, in hex; empty where the cache does not hold it."""
        return recorded(self.path)


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the hub's own library keeps what it fetches."""
    caches = environ.get("XDG_CACHE_HOME", "~/.cache")
    home = environ.get("HF_HOME", f"{caches}/huggingface")
    older = environ.get("HUGGINGFACE_HUB_CACHE", f"{home}/hub")
    found = environ.get("HF_HUB_CACHE", older)
    return Path(os.path.expandvars(os.path.expanduser(found))).absolute()


def recorded(path: Path) -> str:
    """The hash under which the cache keeps what a link leads to; empty if it is no such link."""
    try:
        name = Path(os.readlink(path)).name
    except OSError:
        return ""
    return name if SHA256.fullmatch(name) else ""


def place(repository: str) -> Path:
    """The cache's folder of a repository."""
    return folder() / (_REPOSITORY + repository.replace("/", "--"))


def model_file(name: str) -> bool:
    """Whether the name is that of a model, and not of what only belongs to one."""
    return name.lower().endswith(SUFFIX) and not _ASIDE.search(name.rpartition("/")[2])


def pulled() -> list[Pulled]:
    """Every model in the cache, once: of several revisions of a file the one in use."""
    found: dict[tuple[str, str], Pulled] = {}
    for home in _folders(folder()):
        if home.name.startswith(_REPOSITORY):
            repository = home.name.removeprefix(_REPOSITORY).replace("--", "/")
            for snapshot in _snapshots(home):
                for file in _files(snapshot):
                    one = Pulled(repository, str(file.relative_to(snapshot)), file)
                    found.setdefault((repository, one.file), one)
    return list(found.values())


def names() -> list[str]:
    """What to call each pulled model on a command line."""
    found = pulled()
    often = Counter(one.name for one in found)
    return [one.reference if often[one.name] > 1 else one.name for one in found]


def _snapshots(home: Path) -> list[Path]:
    """A repository's revisions, the one that counts first, then the newest."""
    current = ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        current = (home / "refs" / "main").read_text("utf-8").strip()
    found = _folders(home / "snapshots")
    found.sort(key=lambda one: (one.name == current, one.stat().st_mtime), reverse=True)
    return found


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(one for one in parent.iterdir() if one.is_dir())
    except OSError:
        return []


def _files(snapshot: Path) -> Iterator[Path]:
    """The models of a revision whose data is there."""
    for root, _, names in os.walk(snapshot):
        for name in sorted(names):
            file = Path(root, name)
            if model_file(name) and file.is_file():
                yield file
