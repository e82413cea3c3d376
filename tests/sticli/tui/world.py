"""A world of sessions, answers and lines that every screen is drawn of."""

from sticli.form import Form
from sticli.protocol import Event, Flash, Session
from sticli.watch.news import News, Snapshot
from tests.sticli.tui.said import NOON, flash, lines, session, snapshot

PRICES = [131.25, 131.40, 131.10, 130.95, 131.60, 132.05, 131.90, 132.40]


def sessions() -> list[Session]:
    """One of each kind."""
    return [
        session("ticks", flash=3, tokens=6_800, place="device"),
        session("logs", version=43, behind_since=NOON - 3.2, dropped=12, pinned=True, pending=9),
        session("archive", state="full", tokens=8_192, on_full="stop", last_used=NOON - 90_000),
        session("cold", place="disk", last_used=NOON - 7_200, note="restored from disk"),
    ]


def flashes() -> list[Flash]:
    """Questions of `ticks`: a number, a decision, one that nobody has answered yet."""
    decision = Form(choices=["up", "down"])
    return [
        flash("price", "132.40", evaluated_at=NOON - 1),
        flash("trend", "up", form=decision, lead=1.2, fresh=False, version=39, source="ready"),
        flash("why", None, evaluated_at=None, version=None, confidence=None, device_ms=None),
    ]


def events() -> list[Event]:
    """What the prices were, the last of them heard just now."""
    return [
        Event(n, "answer", "ticks", NOON - 20 + n, {"id": "price", "answer": f"{price:.2f}",
              "question": "what of price?", "previous": None, "fresh": True})
        for n, price in enumerate(PRICES)
    ]  # fmt: skip


def ticks(count: int = 12) -> list[str]:
    return [f"12:00:{n:02d} ACME {130 + n / 4:.2f}" for n in range(count)]


def look(at: float = NOON, **facts: object) -> Snapshot:
    """All of it, with `ticks` chosen."""
    usual: dict[str, object] = {
        "sessions": sessions(), "chosen": "ticks", "flashes": flashes(),
    }  # fmt: skip
    return snapshot(at, **usual | facts)


def news() -> list[News]:
    """What a dashboard hears first."""
    return [*events(), look(lines=lines(1, *ticks()))]
