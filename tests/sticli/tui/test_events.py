"""Events in a pane: in words, one type if so wished, bounded, harmless."""

from sticli.protocol import Event
from sticli.tui.events import EventsPane
from sticli.tui.roll import Roll
from sticli.watch.state import EVENTS
from tests.sticli.tui.alone import alone
from tests.sticli.tui.said import NOON

HAPPENED = [
    ("session", "ticks", {"state": "created"}),
    ("answer", "ticks", {"id": "last", "answer": "ACME", "previous": "VOLT", "fresh": True}),
    ("moved", "ticks", {"place": "host", "tokens": 90, "reason": "needed for logs"}),
    ("worker", "", {"state": "backoff", "error": "killed by signal 9", "n": 1}),
    ("answer", "x", {"id": "[red]", "answer": "\x1b[2J[b]a\nb", "previous": None}),
]
SEEN = [
    "12:00:01 ■ ticks: created",
    "12:00:02 ✱ ticks/last: VOLT → ACME",
    "12:00:03 ↕ ticks: moved to host memory, needed for logs",
    "12:00:04 ⚙ killed by signal 9; it is started again",
    "12:00:05 ✱ x/[red]: [b]a⏎b",
]


def happened(first: int = 1) -> list[Event]:
    return [
        Event(n, kind, session, NOON + n, dict(data))
        for n, (kind, session, data) in enumerate(HAPPENED, first)
    ]


def text(seen: list[str]) -> list[str]:
    return [line.strip("│› ") for line in seen[1:-1]]


async def test_events_are_told_in_words_the_newest_last() -> None:
    async with alone(EventsPane(), (76, 9)) as on:
        await on.hear(*happened())
        assert text(on.seen) == [*SEEN, "", ""]


async def test_one_type_and_what_is_looked_for() -> None:
    async with alone(EventsPane(), (76, 9)) as on:
        await on.hear(*happened())
        await on.press("t")
        assert text(on.seen)[:3] == [SEEN[1], SEEN[4], ""]
        assert "only answer" in on.seen[-1]
        await on.hear(*happened(first=6))
        assert [line[11:] for line in text(on.seen)[2:4]] == [SEEN[1][11:], SEEN[4][11:]]
        await on.press("slash", *"volt", "enter")
        assert [line[11:] for line in text(on.seen)[:3]] == [SEEN[1][11:], SEEN[1][11:], ""]
        await on.press("escape", "t", "t", "t", "t")
        assert "only" not in on.seen[-1]
        assert text(on.seen)[-1][11:] == SEEN[4][11:]


async def test_an_event_is_shown_whole_and_copied() -> None:
    async with alone(EventsPane(), (40, 12)) as on:
        await on.hear(*happened())
        await on.press("k", "y", "enter")
        assert on.app.copied == [
            (
                "killed by signal 9; it is started again",
                "the event of 12:00:04",
            )
        ]
        assert on.seen[0].startswith("╭─ event 4, worker, 12:00:04 ─")
        assert "│ error: killed by signal 9" in "\n".join(on.seen)


async def test_only_so_many_are_kept() -> None:
    async with alone(EventsPane(), (76, 9)) as on:
        for first in range(0, 2 * EVENTS, 100):
            await on.hear(*(happened(first + n)[0] for n in range(100)))
        roll: Roll[Event] = on.app.query_one(Roll)
        assert len(roll.shown) == EVENTS
        assert roll.here is not None
        assert roll.here.id == 2 * EVENTS - 1
