"""News as a daemon might say them, with only what a test is about."""

from typing import Any

from msgspec.structs import asdict

from sticli.protocol import Event, Flash, Line, Session, Status, Version
from sticli.watch.news import Device, Snapshot


def status(**facts: Any) -> Status:
    usual: dict[str, Any] = {
        "version": Version("0.1.0", 3, 1, 0.0),
        "worker": "ready",
        "worker_pid": None,
        "restarts": 0,
        "last_error": "",
        "model": None,
        "sessions": 1,
        "cells": 1000,
        "cells_reserved": 500,
        "cells_used": 70,
        "usage": {},
        "counters": {},
        "paths": {},
    }
    return Status(**usual | facts)


def session(name: str = "s", **facts: Any) -> Session:
    usual: dict[str, Any] = {
        "name": name,
        "state": "live",
        "limit": 4096,
        "tokens": 812,
        "lines": 0,
        "settled_lines": 0,
        "pending": 0,
        "version": 7,
        "settled": 7,
        "window_from": 1,
        "flash": 1,
        "created": 1.0,
        "last_used": 1.0,
        "system": None,
        "on_full": "rebase",
        "left_out": 0,
        "note": "",
    }
    return Session(**usual | facts)


def flash(answer: str | None = "131.25", at: float | None = 5.0, **facts: Any) -> Flash:
    usual: dict[str, Any] = {
        "session": "s",
        "id": "q1",
        "question": "last?",
        "max_tokens": 8,
        "debounce_ms": 200,
        "exec": None,
        "answer": answer,
        "fresh": answer is not None,
        "version": 7,
        "confidence": 3.5,
        "evaluated_at": at,
        "device_ms": 9.0,
        "evaluations": 1,
    }
    return Flash(**usual | facts)


def answered(found: Flash, key: int = 1) -> Event:
    """The event that says so."""
    at = found.evaluated_at or 0.0
    return Event(key, "answer", found.session, at, {**asdict(found), "previous": None})


def event(kind: str, key: int = 1, session: str = "s", **data: object) -> Event:
    return Event(key, kind, session, 1.0, data)


def line(seq: int, text: str = "x") -> Line:
    return Line(seq, seq, 1.0, text)


def snapshot(at: float = 10.0, **facts: Any) -> Snapshot:
    usual: dict[str, Any] = {"status": status(), "sessions": [session()], "chosen": "s"}
    return Snapshot(at, **usual | facts)


DEVICE = Device("A GPU", True, 0.25, 2_000_000_000, 8_000_000_000, 120.0, 0.5, 400_000_000)
