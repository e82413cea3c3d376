"""What the worker did, in numbers: what `status` and `/metrics` show."""

from collections import Counter

from sticli.daemon.worker.scheduler import Step
from sticli.daemon.worker.sessions import Session

INTERVAL = 0.25  # seconds between reports while busy

NAMES = (
    "steps",
    *(f"tokens_{kind}" for kind in ("ask", "ingest", "flash", "upkeep")),
    *(f"device_s_{kind}" for kind in ("ask", "ingest", "flash", "upkeep")),
    "stall_s",  # the longest step: how long an ask may have waited
    "questions",
    "questions_failed",
    "flash_evaluations",
    "flash_skipped",
    "lines",
    "rebases",
    "sessions_failed",
    "snapshots_saved",
    "snapshots_restored",
    "snapshots_corrupt",
    "snapshots_failed",
)


class Usage:
    """Counters; `changed` says whether a report would tell anything new."""

    def __init__(self) -> None:
        self.counters: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self.changed = True  # the first report says that there is nothing yet

    def count(self, name: str, amount: float = 1.0) -> None:
        self.counters[name] += amount
        self.changed = True

    def step(self, step: Step, seconds: float) -> None:
        """Count a pass; its time is shared out by tokens."""
        tokens: Counter[str] = Counter()
        for job in step.jobs:
            tokens["ingest" if isinstance(job.lane, Session) else job.lane.source] += job.count
        for kind, amount in tokens.items():
            self.count(f"tokens_{kind}", amount)
            self.count(f"device_s_{kind}", seconds * amount / step.tokens)
        self.count("steps")
        self.counters["stall_s"] = max(self.counters["stall_s"], seconds)
