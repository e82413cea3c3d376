"""A source that says what a test gives it, and facts to give."""

from dataclasses import dataclass, field
from pathlib import Path

from sticli.client import Client
from sticli.protocol import Flash, Line, Model, Session, Status, Version
from sticli.watch.news import Device, News, Snapshot

NOON = 1_700_049_600.0  # 2023-11-15 12:00:00 UTC


@dataclass
class Said:
    """A `Source`: what is put into `news` is heard at the next look."""

    news: list[News] = field(default_factory=list)
    socket: Path = Path("/nowhere/sticli.sock")
    chosen: list[str | None] = field(default_factory=list)
    refreshed: int = 0
    running: bool = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def take(self) -> list[News]:
        taken, self.news = self.news, []
        return taken

    def choose(self, session: str | None) -> None:
        self.chosen.append(session)

    def refresh(self) -> None:
        self.refreshed += 1

    def client(self) -> Client:
        return Client(self.socket, 5.0)


def session(name: str, **facts: object) -> Session:
    """A session that is live and has read all, but for these facts."""
    usual: dict[str, object] = {
        "name": name, "state": "live", "limit": 8192, "tokens": 1234, "lines": 120,
        "settled_lines": 120, "pending": 0, "version": 41, "settled": 41, "window_from": 1,
        "flash": 0, "created": NOON - 3600, "last_used": NOON - 5, "system": None,
        "on_full": "rebase", "left_out": 0, "note": "", "place": "device",
    }  # fmt: skip
    return Session(**usual | facts)  # type: ignore[arg-type]


def flash(key: str, answer: str | None = "131.25", **facts: object) -> Flash:
    """A flash question of `ticks` with a fresh answer, but for these facts."""
    usual: dict[str, object] = {
        "session": "ticks", "id": key, "question": f"what of {key}?", "max_tokens": 32,
        "debounce_ms": 200, "exec": None, "answer": answer, "fresh": answer is not None,
        "version": 41, "confidence": 3.25, "evaluated_at": NOON - 2, "device_ms": 4.5,
        "evaluations": 7, "source": "flash",
    }  # fmt: skip
    return Flash(**usual | facts)  # type: ignore[arg-type]


def status(**facts: object) -> Status:
    """A daemon whose worker is ready, but for these facts."""
    model = Model("/m/demo.gguf", "demo", "0" * 64, "llama.cpp", 1024, 4096, {"device": "CPU"})
    usual: dict[str, object] = {
        "version": Version("0.1.0", 2, 4711, NOON - 3600), "worker": "ready", "worker_pid": 4712,
        "restarts": 0, "last_error": "", "model": model, "sessions": 2, "cells": 65536,
        "cells_reserved": 16384, "cells_used": 12340, "counters": {}, "paths": {},
        "usage": {"asks_waiting": 0.0, "stall_s_count": 3.0, "stall_s_max": 0.012},
    }  # fmt: skip
    return Status(**usual | facts)  # type: ignore[arg-type]


def lines(first: int, *texts: str) -> list[Line]:
    """Lines of a feed, a second apart."""
    return [Line(number, number, NOON + number, text) for number, text in enumerate(texts, first)]


def snapshot(at: float = NOON, **facts: object) -> Snapshot:
    """The daemon at a moment, with nothing in it but these facts."""
    usual: dict[str, object] = {
        "at": at, "status": status(), "sessions": [],
        "device": Device("Some CPU", busy=0.25, worker_cpu=0.5, worker_memory=400_000_000),
    }  # fmt: skip
    return Snapshot(**usual | facts)  # type: ignore[arg-type]
