"""What a command line means by MODEL: a path, `embedded`, `hf:…`, or a part of a pulled name."""

import importlib.util
from pathlib import Path

from sticli.errors import SticliError
from sticli.models import reference
from sticli.models.cache import Pulled, pulled
from sticli.models.header import read_header
from sticli.place import absolute

EMBEDDED = "embedded"


def find(text: str) -> Path:
    """The file of a model that is on this machine.

    Raises:
        SticliError: there is none, or several may be meant.
    """
    if _embedded(text):
        return embedded_model()
    path = Path(absolute(text))
    if not text.startswith(reference.PREFIX) and path.is_file():
        return path
    return find_pulled(text).path


def chosen(text: str) -> str:
    """What the setting `model` has to be for a model, whose header is checked; empty: embedded.

    Raises:
        SticliError: as `find`, or why no engine can load it.
    """
    path = find(text)
    read_header(path)
    return "" if _embedded(text) else str(path)


def configured(setting: str) -> Path:
    """The file that the setting `model` means, whether it is there or not.

    Raises:
        SticliError: it means the embedded model, and there is none.
    """
    return Path(absolute(setting)) if setting else embedded_model()


def _embedded(text: str) -> bool:
    """Whether a text means the embedded model; the daemon calls it by the name of its file."""
    return text in ("", EMBEDDED, *(file.stem for file in _shipped()))


def removable(text: str) -> Pulled:
    """The pulled model that a text names.

    Raises:
        SticliError: as `find`, or it is a file that was not pulled.
    """
    try:
        return find_pulled(text)
    except SticliError as error:
        if text == EMBEDDED or Path(absolute(text)).is_file():
            why = f"{text} was not pulled, and only what was is removed"
            raise SticliError("bad_request", why, "`sticli model ls` shows what was") from None
        raise error


def find_pulled(text: str) -> Pulled:
    """The pulled model that a text names.

    Raises:
        SticliError: as `find`.
    """
    found = pulled()
    if text.startswith(reference.PREFIX):
        return _referred(reference.parse(text), found)
    matches = [one for one in found if text in (one.name, one.file)]
    matches = matches or [one for one in found if text.lower() in one.file.lower()]
    if len(matches) == 1:
        return matches[0]
    if matches:
        which = ", ".join(one.reference for one in matches)
        raise SticliError("bad_request", f"{text!r} may be several models", f"name one of {which}")
    if "/" in text:
        where = absolute(text)
        raise SticliError("not_found", f"no model file at {where}", "`sticli model ls` lists some")
    raise SticliError(
        "not_found",
        f"no model is called {text!r}: no such file, nothing pulled",
        "`sticli model ls` shows what is there, `sticli model pull hf:ORG/REPO` fetches one",
    )


def _referred(wanted: reference.Reference, found: list[Pulled]) -> Pulled:
    there = {one.file: one for one in found if one.repository == wanted.repository}
    if not there:
        raise SticliError(
            "not_found", f"{wanted} was not pulled", f"fetch it: `sticli model pull {wanted}`"
        )
    return there[reference.choose(wanted, list(there)).file]


def embedded_model() -> Path:
    """The model file that ships with the package.

    Raises:
        SticliError: this installation holds none.
    """
    files = _shipped()
    if not files:
        raise SticliError(
            "model",
            "no model ships with this installation",
            "set `model` to a GGUF file's path",
        )
    return files[0]


def _shipped() -> list[Path]:
    package = importlib.util.find_spec("sticli.models")
    places = (package and package.submodule_search_locations) or []
    return sorted(file for place in places for file in Path(place).glob("*.gguf"))
