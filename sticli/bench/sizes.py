"""Sizes on the command line: `64,1k,16k`."""

from sticli.errors import SticliError

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}


def sizes(option: str, text: str) -> tuple[int, ...]:
    """The numbers of a list with commas; `k` is 1,024 and `m` its square.

    Raises:
        SticliError: one of them is no number above 0.
    """
    return tuple(_size(option, part.strip().lower()) for part in text.split(",") if text)


def _size(option: str, text: str) -> int:
    number, unit = (text[:-1], text[-1]) if text.endswith(("k", "m")) else (text, "")
    if not (number.isascii() and number.isdigit() and int(number)):
        raise SticliError("bad_request", f"{option}: {text!r} is no size", "as 512 or 1k,16k")
    return int(number) * UNITS[unit]
