"""Time that passes only as a test says, and what a pass costs of it."""

from dataclasses import dataclass

from sticli.daemon.engines.base import Plan


@dataclass
class Clock:
    """Time that passes only when somebody says so, in seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Price:
    """What a pass costs in simulated seconds."""

    fixed: float = 0.0
    token: float = 0.0
    token_context: float = 0.0

    def of(self, plan: Plan) -> float:
        pairs = sum(len(row.tokens) * (row.start + len(row.tokens) / 2) for row in plan.rows)
        return self.fixed + self.token * plan.tokens + self.token_context * pairs
