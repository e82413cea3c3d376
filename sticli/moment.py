"""Moments in a session's life as people write them: a version, a time of day, a time ago."""

import re
import time

from sticli.errors import SticliError
from sticli.protocol import At
from sticli.span import seconds

CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9](?:\.[0-9]+)?))?")
DATE = re.compile(r"[0-9]{4}-")
DAY = 86400
HINT = "a version as 1234, a time as 10:05:00, -5m for five minutes ago, or 2026-05-04T10:05:00"


def moment(text: str, now: float | None = None) -> At:
    """The version or the time (seconds since the epoch, in local time) that `text` means.

    A time of day is its latest one that is not in the future.

    Raises:
        SticliError: it means nothing, or lies in the future.
    """
    text, now = text.strip(), time.time() if now is None else now
    if text.isdecimal() and text.isascii() and len(text) <= 18:
        return At(version=int(text))
    if text.startswith("-"):
        return At(time=now - _span(text))
    if found := CLOCK.fullmatch(text):
        return At(time=_latest(int(found[1]), int(found[2]), float(found[3] or 0), now))
    return At(time=_date(text, now))


def _span(text: str) -> float:
    try:
        return seconds(text[1:])
    except SticliError:
        raise _nonsense(text) from None


def _latest(hour: int, minute: int, second: float, now: float) -> float:
    """That time of today, or of yesterday where today's is still to come."""
    for days in (0, 1):
        day = time.localtime(now - days * DAY)
        found = time.mktime((*day[:3], hour, minute, 0, 0, 0, -1)) + second
        if found <= now:
            return found
    return found  # only where clocks were changed in between


def _date(text: str, now: float) -> float:
    if not DATE.match(text):
        raise _nonsense(text)
    from datetime import datetime  # too slow to load for nothing

    try:
        found = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise _nonsense(text) from None
    if found > now:
        raise SticliError("bad_request", f"{text} lies in the future", HINT)
    return found


def _nonsense(text: str) -> SticliError:
    return SticliError("bad_request", f"{text!r} is no moment", HINT)
