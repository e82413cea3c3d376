"""The options that say what an answer has to look like, of `ask` and `flash add`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from sticli.errors import SticliError, refused
from sticli.form import Form
from sticli.invocation import argument
from sticli.place import absolute

Choices = Annotated[
    str | None,
    typer.Option(metavar="A,B,C", help='One of these; as ["a,b", "c"] where one holds a comma.'),
]
Number = Annotated[bool, typer.Option("--number", help="A number.")]
Schema = Annotated[
    str | None, typer.Option(metavar="FILE", help="JSON that the JSON schema in FILE allows.")
]


def given(choices: str | None, number: bool, schema: str | None) -> Form | None:
    """The form that the options ask for; None: free text.

    Raises:
        SticliError: more than one is given, or one that cannot be.
    """
    if (choices is not None) + number + (schema is not None) > 1:
        raise SticliError(
            "bad_request", "an answer has one form", "give one of --choices, --number, --schema"
        )
    if choices is not None:
        return Form(choices=_choices(argument(choices)))
    if schema is not None:
        return Form(schema=_schema(Path(absolute(schema))))
    return Form(number=True) if number else None


def _choices(text: str) -> list[str]:
    found = _array(text) if text.lstrip().startswith("[") else text.split(",")
    found = [choice.strip() for choice in found]
    if len(found) < 2 or not all(found):
        raise SticliError(
            "bad_request",
            f"--choices {text!r} holds {'an empty choice' if found[1:] else 'less than two'}",
            "as --choices up,down",
        )
    if len(set(found)) < len(found):
        raise SticliError(
            "bad_request", f"--choices {text!r} holds a choice twice", "leave out one of the two"
        )
    return found


def _array(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, RecursionError) as error:
        raise SticliError(
            "bad_request", f"--choices is no JSON array of texts: {error}", 'as ["up", "down"]'
        ) from None


def _schema(path: Path) -> dict[str, object]:
    """The schema in a file, as it is; what it may say is the daemon's to judge."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except FileNotFoundError:
        raise SticliError("not_found", f"--schema: no file {path}", "check the path") from None
    except OSError as error:
        raise refused(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SticliError(
            "bad_request",
            f"--schema: {path} holds no JSON schema: {error}",
            'it is one object, as {"type": "object"}',
        ) from None
