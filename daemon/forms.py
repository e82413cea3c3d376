"""What form a typed answer may have."""

import msgspec

from sticli.errors import SticliError
from sticli.form import LONGEST, Form

CHOICES = range(2, 65)
CHOICE_BYTES = 1024
SCHEMA_DEPTH = 32
# keywords that take minutes to compile where a schema means it ill: languages are intersected
DEAR = ("allOf", "oneOf", "not", "patternProperties", "multipleOf")
NAMED = ("properties", "$defs", "definitions")  # keywords that hold schemas by name
VALUES = ("enum", "const", "default", "examples")  # keywords that hold no schemas
ONE = "give exactly one of choices, number and schema"


def check_form(form: Form) -> None:
    """Raises SticliError when no answer can be of this form."""
    given = (form.choices is not None, form.number, form.schema is not None)
    if sum(given) != 1:
        raise _bad(f"{sum(given)} forms are given, an answer has one", ONE)
    if form.choices is not None:
        _check_choices(form.choices)
    if form.schema is not None:
        _check_schema(form.schema)
    if (size := len(msgspec.json.encode(form))) > LONGEST:
        raise SticliError(
            "too_large",
            f"the form has {size} bytes, allowed are {LONGEST}",
            "give fewer or shorter choices, or a smaller schema",
        )


def _check_choices(choices: list[str]) -> None:
    if len(choices) not in CHOICES:
        allowed = f"{CHOICES[0]} to {CHOICES[-1]}"
        raise _bad(f"{len(choices)} choices, allowed are {allowed}", f"give {allowed} of them")
    for choice in choices:
        if not choice.strip() or not choice.isprintable():
            why = f"the choice {choice[:40]!r} is not one line of plain text"
            raise _bad(why, "leave out newlines and control characters")
        if len(choice.encode()) > CHOICE_BYTES:
            raise _bad(f"a choice is longer than {CHOICE_BYTES} bytes", "shorten it")
    if len({choice.strip() for choice in choices}) < len(choices):
        raise _bad("two choices are the same, but for space around them", "leave out one")


def _check_schema(schema: dict[str, object]) -> None:
    if not _flat(schema, SCHEMA_DEPTH):
        raise _bad(f"the schema is nested more than {SCHEMA_DEPTH} deep", "make it flatter")
    check_keywords(schema)
    try:
        msgspec.msgpack.encode(schema)
    except OverflowError:
        why = "the schema holds a whole number of more than 64 bits"
        raise _bad(why, "leave it out, or write it with a point") from None


def check_keywords(schema: object) -> None:
    """Raises SticliError for keywords that may take long; the compiler knows which others it has
    not.
    """
    if isinstance(schema, list):
        for item in schema:
            check_keywords(item)
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in DEAR:
            raise _bad(
                f"the schema says {keyword!r}, which may take too long to compile",
                f"do without {', '.join(DEAR)}",
            )
        if keyword not in VALUES:
            named = keyword in NAMED and isinstance(value, dict)
            check_keywords(list(value.values()) if named else value)


def _flat(value: object, depth: int) -> bool:
    """Whether lists and objects are nested at most so deep."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_flat(one, depth - 1) for one in inner if isinstance(one, dict | list))


def _bad(why: str, hint: str) -> SticliError:
    return SticliError("bad_request", why, hint)
