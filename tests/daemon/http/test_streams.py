"""What a reader of server-sent events goes on from."""

import re

from sticli.daemon.http.streams import sse_events
from sticli.protocol import Event


def keys(kinds: dict[str, int], since: int | None) -> list[tuple[str, str]]:
    """The ids that a reader is given, each with its type."""
    told = sse_events([Event(key, kind, "", 1.0, {}) for kind, key in kinds.items()], since)
    return re.findall(r"(?:id: (\d+)\n)?event: (\w+)\n", told.decode())


def test_who_leaves_in_the_middle_goes_on_there() -> None:
    """What tells of the stream has the newest id: it is no place to go on from."""
    told = {"connected": 90, "stale": 90, "answer": 41, "settled": 42}
    assert keys(told, 40) == [
        ("40", "connected"),
        ("", "stale"),
        ("41", "answer"),
        ("42", "settled"),
    ]
    assert keys({"connected": 90, "answer": 91, "stale": 95}, None) == [
        ("90", "connected"), ("91", "answer"), ("", "stale"),
    ]  # fmt: skip


def test_a_store_made_anew_counts_from_its_start() -> None:
    assert keys({"connected": 7, "stale": 7}, 900) == [("7", "connected"), ("", "stale")]
