"""What the scripted daemon knows: sessions in memory, answers by script, faults on demand."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sticli.protocol import PROTOCOL

Json = dict[str, Any]


@dataclass
class Script:
    """What the server knows and how it misbehaves."""

    protocol: int = PROTOCOL
    state: str = "live"
    born: float = field(default_factory=time.time)  # when the sessions were created
    pieces: list[str] = field(default_factory=lambda: ["131", ".25"])
    answer: Json = field(default_factory=dict)
    known: bool = False  # the answer is there before it is asked for
    progress: list[Json] = field(default_factory=list)  # what an ask says first
    asked: Json = field(default_factory=dict)  # the newest ask
    appended: Json = field(default_factory=dict)  # the newest append
    facts: dict[str, Json] = field(default_factory=dict)  # of sessions, over the usual ones
    account: Json = field(default_factory=dict)  # what `explain` says, over the usual
    decide: Callable[[list[str]], Json] = lambda lines: {}  # what a flash question says of them
    usage: Json = field(default_factory=dict)
    counters: Json = field(default_factory=dict)
    lose_replies: int = 0  # appends that are stored and then cut off before the reply
    refuse: Json | None = None  # the error of every append
    failure: Json | None = None  # why the worker is stopped
    loads: list[Json] = field(default_factory=list)  # what a model that loads says, look by look
    slow: float = 0.0  # seconds before an answer
    linger: float = 0.0  # seconds between what an ask says first and its answer
    hung_up: bool = False  # whoever asked waited no longer
    settle_after: float = 0.0  # seconds until appended lines settle
    sessions: dict[str, list[str]] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    producers: dict[tuple[str, str], int] = field(default_factory=dict)
    flash: dict[str, dict[str, Json]] = field(default_factory=dict)
    feeds: dict[str, dict[str, Json]] = field(default_factory=dict)  # session → producer → feed
    batches: int = 0
    events: list[Json] = field(default_factory=list)  # all that were published
    requests: list[str] = field(default_factory=list)  # all that came, as METHOD /path?query
    lock: threading.Condition = field(default_factory=threading.Condition)

    def session(self, name: str) -> Json:
        lines, version = len(self.sessions[name]), self.versions.get(name, 0)
        settled = self.settled.get(name, 0)
        return {
            "name": name, "state": self.state, "limit": 4096, "tokens": lines * 9, "lines": lines,
            "settled_lines": lines if settled == version else 0,
            "pending": 0 if settled == version else lines, "version": version,
            "settled": settled, "window_from": 1, "flash": len(self.flash.get(name, {})),
            "created": self.born, "last_used": time.time(), "system": None,
            "on_full": "stop",
            "left_out": 0, "note": "",
        } | self.facts.get(name, {})  # fmt: skip

    def explain(self, name: str) -> Json:
        return {
            "session": name, "place": "device", "pinned": False, "tenant": "", "limit": 4096,
            "tokens": 900, "cached": 800, "reserved": 4096, "promised": 64, "ready": 7,
            "computed": 500, "restored": 200, "shared": 100, "shared_from": "a", "rebases": 0,
            "drafted": 0, "accepted": 0, "moves": [], "notes": [], "schema_version": 1,
        } | self.account  # fmt: skip

    def status(self) -> Json:
        loading = self.loads.pop(0) if self.loads else None
        state = "starting" if loading else "stopped" if self.failure else "ready"
        return {
            "version": {"version": "0.1.0", "protocol": self.protocol, "pid": 1, "started": 0.0},
            "worker": state, "loading": loading, "worker_pid": None, "restarts": 0,
            "last_error": self.failure["message"] if self.failure else "", "model": None,
            "sessions": len(self.sessions), "cells": 0, "cells_reserved": 0, "cells_used": 0,
            "usage": self.usage, "counters": self.counters, "paths": {}, "failure": self.failure,
        }  # fmt: skip

    def publish(self, kind: str, session: str, data: Json) -> None:
        with self.lock:
            key = self.events[-1]["id"] + 1 if self.events else 2
            event = {"id": key, "type": kind, "session": session, "at": time.time(), "data": data}
            self.events.append(event)
            self.lock.notify_all()

    def register(self, name: str, producer: str, body: Json) -> Json:
        before = self.feeds.setdefault(name, {}).get(producer, {"run": 0, "position": ""})
        self.feeds[name][producer] = body | {
            "producer": producer, "next_seq": self.producers.get((name, producer), 0),
            "position": before["position"], "at": time.time(), "run": before["run"] + 1,
        }  # fmt: skip
        return self.feeds[name][producer]

    def heard(self, name: str, batch: Json) -> None:
        """What an append says of its feed."""
        if feed := self.feeds.get(name, {}).get(batch["producer"]):
            feed["next_seq"] = self.producers[name, batch["producer"]]
            feed["position"] = batch["position"] or feed["position"]

    def settle(self, name: str, version: int) -> None:
        with self.lock:
            self.settled[name] = max(self.settled.get(name, 0), version)
            self.lock.notify_all()
