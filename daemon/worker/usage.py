"""What the worker did, in numbers: what `status` and `/metrics` show."""

from sticli.daemon.worker.lag import Lag
from sticli.daemon.worker.recent import Recent
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import CLASSES, Class, Step

INTERVAL = 0.25  # seconds between reports while busy

NAMES = (
    "steps",
    *(f"{name}_{kind}" for name in ("tokens", "device_s") for kind in CLASSES),
    "questions",
    "questions_failed",
    "questions_refused",  # of them, for want of cells
    "asks_waiting",
    "asks_running",
    "cells_ready",
    "flash_evaluations",
    "flash_skipped",
    "ready_evaluations",
    "ready_fallthroughs",  # asks that went on from a prepared decision
    "flash_deferred_s",  # that due flash questions waited for their budget
    "drafted",  # tokens guessed and computed
    "accepted",  # of them right
    "lines",
    "rebases",
    "slides",
    "tokens_shared",
    "prefixes_kept",
    "sessions_failed",
    "snapshots_saved",
    "snapshots_restored",
    "snapshots_corrupt",
    "snapshots_failed",
    *(f"moves_{place}" for place in ("device", "host", "disk", "journal")),
    "host_bytes",
    "disk_bytes",
)


class Usage:
    """Counters and durations; `changed` says whether a report would tell anything new."""

    def __init__(self) -> None:
        self.counters: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self.changed = True  # the first report says that there is nothing yet
        self.steps: dict[str, Recent] = {
            kind: Recent() for kind in CLASSES
        }  # by the most urgent class of a step
        self.stalls = Recent()  # how long asks waited for the pass that ran when they came
        self.lag = Lag()

    def count(self, name: str, amount: float = 1.0) -> None:
        self.counters[name] = self.counters.get(name, 0.0) + amount
        self.changed = True

    def show(self, name: str, value: float) -> None:
        """Set what is no sum; the same again is nothing new."""
        if self.counters.get(name) != value:
            self.counters[name] = value
            self.changed = True

    def step(self, step: Step, seconds: float) -> None:
        """Count a pass; its time is shared out by tokens."""
        tokens: dict[Class, int] = {}
        for job in step.jobs:
            kind = "ingest" if isinstance(job.lane, Session) else job.lane.source
            tokens[kind] = tokens.get(kind, 0) + job.count
        for kind, amount in tokens.items():
            self.count(f"tokens_{kind}", amount)
            self.count(f"device_s_{kind}", seconds * amount / sum(tokens.values()))
        self.count("steps")
        self.steps[step.kind].add(seconds)

    def report(self) -> dict[str, float]:
        """All counters, and of every duration: how many, their sum, the longest, quantiles."""
        found = dict(self.counters)
        durations = {"stall_s": self.stalls, "lag_s": self.lag.recent}
        durations |= {f"step_s_{kind}": recent for kind, recent in self.steps.items()}
        for name, recent in durations.items():
            found |= {f"{name}_{what}": value for what, value in recent.report().items()}
        return found
