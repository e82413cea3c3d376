"""What may be asked about a feed: kinds of question, their phrasings, and recognising a text."""

import re
from dataclasses import dataclass

NONE = "none"

# The first phrasing of each kind is the canonical one; HELD_OUT phrasings are never trained on.
TRAINED: dict[str, tuple[str, ...]] = {
    "last_price": (
        "last price of {name}?",
        "latest price of {name}?",
        "current price of {name}?",
        "price of {name}?",
        "price of {name} now?",
        "what is the last price of {name}?",
        "what is the price of {name}?",
        "what is the latest price for {name}?",
        "last price for {name}?",
        "{name} price?",
        "{name} last price?",
        "where does {name} trade now?",
        "what was the last price of {name}?",
        "what is the current price for {name}?",
        "current price for {name}?",
    ),
    "last_symbol": (
        "which symbol traded last?",
        "last symbol?",
        "which symbol is the latest?",
        "what symbol traded last?",
        "what is the last symbol?",
        "what traded last?",
        "latest symbol?",
        "last symbol traded?",
        "the last symbol?",
        "which symbol was last?",
        "what symbol is last?",
        "what symbol is the latest?",
        "what was the last symbol?",
        "what was the latest symbol?",
        "which symbol came last?",
        "which symbol is most recent?",
        "most recent symbol?",
    ),
    "last_error": (
        "last error?",
        "latest error?",
        "what is the last error?",
        "what was the latest error?",
        "which error came last?",
        "most recent error?",
        "last error now?",
        "the latest error?",
        "which error was last?",
        "which error is last?",
        "which error was the last?",
        "which error is the last?",
        "which error was the latest?",
        "what error is the latest?",
        "what error came last?",
        "which error is most recent?",
        "what is the most recent error?",
    ),
    "error_service": (
        "which service failed last?",
        "which service had the last error?",
        "what service failed last?",
        "service of the last error?",
        "last service with an error?",
        "who failed last?",
        "which service has the latest error?",
        "who had the last error?",
        "what service has the last error?",
        "which service has the most recent error?",
        "service with the latest error?",
    ),
    "service_state": (
        "state of {name}?",
        "state of {name} now?",
        "current state of {name}?",
        "latest state of {name}?",
        "what is the state of {name}?",
        "what is the last state of {name}?",
        "last state for {name}?",
        "what is the current state for {name}?",
        "{name} state?",
        "how is {name}?",
        "how is {name} now?",
        "what was the last state of {name}?",
        "current state for {name}?",
        "latest state for {name}?",
    ),
}

HELD_OUT: dict[str, tuple[str, ...]] = {
    "last_price": (
        "what is the current price of {name}?",
        "latest price for {name}?",
        "what is the latest price of {name}?",
    ),
    "last_symbol": (
        "which symbol is last?",
        "what is the latest symbol?",
        "which symbol was the latest?",
    ),
    "last_error": (
        "what was the last error?",
        "which error is the latest?",
        "what error was last?",
    ),
    "error_service": (
        "what service had the last error?",
        "which service had the latest error?",
        "who had the latest error?",
    ),
    "service_state": (
        "what is the latest state of {name}?",
        "state for {name} now?",
        "what is the state for {name}?",
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a feed, with the true answer at the moment it was asked."""

    kind: str
    text: str
    truth: str


def phrasings(kind: str, *, held_out: bool) -> tuple[str, ...]:
    """The trained or the held-out phrasings of a kind, `{name}` standing for its subject."""
    return (HELD_OUT if held_out else TRAINED)[kind]


def _pattern(phrasing: str) -> re.Pattern[str]:
    return re.compile(re.escape(phrasing).replace(r"\{name\}", r"(?P<name>[\w-]+)"))


_PATTERNS = [
    (_pattern(phrasing), kind)
    for table in (TRAINED, HELD_OUT)
    for kind, known in table.items()
    for phrasing in known
]


def recognise(text: str) -> tuple[str, str]:
    """The kind of a question and its subject ("" if it has none); ValueError if unknown."""
    for pattern, kind in _PATTERNS:
        if found := pattern.fullmatch(text.strip()):
            return kind, found.groupdict().get("name") or ""
    raise ValueError(f"not a question this feed can answer: {text!r}")
