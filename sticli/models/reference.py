"""`hf:ORG/REPO[:FILE|:QUANT]`: what it names, and which of a repository's files that is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sticli.errors import SticliError
from sticli.models.cache import SUFFIX, model_file

PREFIX = "hf:"
PREFERRED = ("Q4_K_M", "Q8_0")  # where nobody says which
FORM = "as hf:ORG/REPO, hf:ORG/REPO:FILE.gguf or hf:ORG/REPO:Q4_K_M"
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$", re.IGNORECASE)
_SHOWN = 30  # files that a refusal lists


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository of the hub, and what of it is meant: a file, a quantisation or neither."""

    repository: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"{PREFIX}{self.repository}" + (f":{self.wanted}" if self.wanted else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """The file that is meant, and why where nobody named it."""

    file: str
    reason: str = ""


def parse(text: str) -> Reference:
    """The reference that a text spells.

    Raises:
        SticliError: it is none.
    """
    repository, _, wanted = text.removeprefix(PREFIX).partition(":")
    if not text.startswith(PREFIX) or not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise SticliError("bad_request", f"{text!r} names no repository of the hub", FORM)
    return Reference(repository, wanted)


def choose(reference: Reference, files: Sequence[str]) -> Choice:
    """The one file of a repository that a reference means.

    Raises:
        SticliError: it means none, several, or one of several that belong together.
    """
    models = [file for file in files if model_file(file)]
    whole = [file for file in models if not parts(file)]
    if not models:
        raise SticliError(
            "not_found",
            f"{reference.repository} holds no GGUF file of a model",
            f"look for a repository of GGUF files: {reference.repository}-GGUF, for example",
        )
    if not reference.wanted:
        return _of_itself(reference, whole, models)
    found = _named(reference.wanted, models)
    if len(found) == 1 and not parts(found[0]):
        return Choice(found[0])
    if found and all(map(parts, found)):
        raise _in_parts(reference, found, whole)
    why = f"holds no {reference.wanted!r}" if not found else f"{reference.wanted!r} is not one file"
    code = "bad_request" if found else "not_found"
    raise _undecided(code, reference, why, found or whole or models)


def parts(file: str) -> int:
    """Of how many files that belong together this is one; 0: it is whole."""
    found = _PART.search(file)
    count = int(found[1]) if found else 1
    return count if count > 1 else 0


def _named(wanted: str, files: Sequence[str]) -> list[str]:
    """The files of that name, or of that quantisation."""
    if wanted.lower().endswith(SUFFIX):
        return [file for file in files if wanted in (file, file.rpartition("/")[2])]
    tag = re.compile(rf"(?<![A-Za-z0-9]){re.escape(wanted)}(?![A-Za-z0-9_])", re.IGNORECASE)
    inside = [file for file in files if tag.search(file.rpartition("/")[2])]
    return inside or [file for file in files if tag.search(file)]


def _of_itself(reference: Reference, whole: Sequence[str], models: Sequence[str]) -> Choice:
    """What is taken where nobody says which."""
    if not whole:
        raise _in_parts(reference, models, whole)
    if len(whole) == 1:
        return Choice(whole[0], "the only file")
    for kind in PREFERRED:
        found = _named(kind, whole)
        if len(found) == 1:
            return Choice(found[0], f"{kind} of {len(whole)} files")
    raise _undecided("bad_request", reference, f"holds {len(whole)} files", whole)


def _undecided(code: str, reference: Reference, why: str, files: Sequence[str]) -> SticliError:
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return SticliError(
        code,
        f"{reference.repository}: {why}",
        f"name one, as {PREFIX}{reference.repository}:FILE, of {', '.join(files[:_SHOWN])}{more}",
    )


def _in_parts(reference: Reference, found: Sequence[str], whole: Sequence[str]) -> SticliError:
    count = parts(found[0])
    one = f"another quantisation, as {PREFIX}{reference.repository}:{whole[0]}" if whole else ""
    return SticliError(
        "model",
        f"{found[0]} is one of {count} files that belong together, and a model here is one file",
        one or "look for one that is a single file, or merge it with `llama-gguf-split --merge`",
    )
