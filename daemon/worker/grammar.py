"""The grammar of a form, in llguidance's words; all allow a little white space ahead.

Models put a space or a newline there, and Text takes it away.
"""

import json
import re

import msgspec

from sticli.daemon.forms import check_keywords
from sticli.errors import SticliError
from sticli.form import LONGEST, Form

SPACE = 2  # characters ahead
DIGITS, PLACES = 18, 9  # of a number, before and after its point
LISTING = re.compile(r"\n\s*\d+ \| ")  # of the grammar, in a reason
PLACE = re.compile(r"^\d+\(\d+\): ")  # in it
# a space where most writers of JSON put one, or none; no other white space
STYLE = {"item_separator": ", ?", "key_separator": ": ?", "whitespace_flexible": False}


def of(form: Form) -> str:
    """The grammar in Lark's notation.

    Raises:
        SticliError: bad_request.
    """
    if (size := len(msgspec.json.encode(form))) > LONGEST:
        raise SticliError(
            "bad_request", f"the form has {size} bytes, allowed are {LONGEST}", "make it smaller"
        )
    if form.choices is not None:
        body = f"start: SPACE? ({_choices(form.choices)})"
    elif form.number:
        whole = f"-?(0|[1-9][0-9]{{0,{DIGITS - 1}}})"
        body = rf"start: SPACE? /{whole}(\.[0-9]{{1,{PLACES}}})?/"
    elif form.schema is not None:
        check_keywords(form.schema)
        schema = {**form.schema, "x-guidance": STYLE}
        body = f"start: SPACE? answer\nanswer: %json {json.dumps(schema)}"
    else:
        raise SticliError(
            "bad_request", "the form is empty", "give exactly one of choices, number and schema"
        )
    return f"{body}\nSPACE: /[ \\n]{{1,{SPACE}}}/"


def _choices(texts: list[str]) -> str:
    stripped = {text.strip(): None for text in texts}
    if not stripped or "" in stripped or any("\n" in text for text in stripped):
        raise SticliError(
            "bad_request",
            "a choice is empty or has more than one line",
            "give choices of one line each",
        )
    return " | ".join(json.dumps(text) for text in stripped)


def need(form: Form) -> int:
    """Tokens within which any answer is complete, however it is spelled; 0: nobody knows."""
    if form.choices:
        return SPACE + max(len(text.strip().encode()) for text in form.choices)
    return SPACE + 1 + DIGITS + 1 + PLACES if form.number else 0


def line(reason: str) -> str:
    """A reason of llguidance as one short line, without its listing of our grammar."""
    said = LISTING.split(reason, maxsplit=1)[0].removeprefix("at ")
    return " ".join(PLACE.sub("", said).split())[:300]
