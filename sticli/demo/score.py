"""What the demo counts: answers right and wrong, times, freshness; pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One answer beside the truth at the version that it was given for."""

    kind: str  # live, flash (asked, answered ahead of time), pushed (on a change), final
    question: str
    answer: str
    truth: str
    version: int
    ms: float  # as the asker saw it; of a push, from the line's acceptance to the answer

    @property
    def right(self) -> bool:
        return self.answer.strip() == self.truth


@dataclass
class Score:
    """All samples, and how often a standing question met a fresh answer when it was asked."""

    samples: list[Sample] = field(default_factory=list)
    fresh: int = 0  # standing questions that met a fresh answer when they were asked
    missed: list[float] = field(default_factory=list)  # ms of those that were answered live

    def add(self, sample: Sample) -> Sample:
        self.samples.append(sample)
        return sample

    def look(self, fresh: bool, ms: float) -> None:
        """Note whether a standing question was answered ahead of time, and how fast."""
        if fresh:
            self.fresh += 1
        else:
            self.missed.append(ms)

    @property
    def looks(self) -> int:
        """How often a standing question was asked."""
        return self.fresh + len(self.missed)

    def share(self) -> str:
        """The freshness in words; empty while nothing was asked."""
        if not self.looks:
            return ""
        said = f"{self.freshness:.0%} of standing questions met a fresh answer"
        median = percentile(self.missed, 0.5)
        return said if median is None else f"{said}, the rest live ones (median {median:.0f} ms)"

    @property
    def freshness(self) -> float:
        """The share of asked standing questions that met a fresh answer; 0 of none."""
        return self.fresh / self.looks if self.looks else 0.0

    def of(self, *kinds: str) -> "Tally":
        """The samples of these kinds; of all without one."""
        return Tally([one for one in self.samples if one.kind in kinds or not kinds])


@dataclass(frozen=True)
class Tally:
    """Accuracy and times of some samples."""

    samples: Sequence[Sample]

    @property
    def right(self) -> int:
        return sum(sample.right for sample in self.samples)

    @property
    def accuracy(self) -> float:
        """The share that is right; 0 of none, for nothing was shown."""
        return self.right / len(self.samples) if self.samples else 0.0

    def ms(self, share: float) -> float | None:
        """The time that this share of the samples did not pass; None without samples."""
        return percentile([sample.ms for sample in self.samples], share)

    def facts(self) -> dict[str, object]:
        return {
            "right": self.right,
            "of": len(self.samples),
            "accuracy": round(self.accuracy, 4),
            "median_ms": _rounded(self.ms(0.5)),
            "p99_ms": _rounded(self.ms(0.99)),
        }

    def __str__(self) -> str:
        if not self.samples:
            return "none"
        return (
            f"{self.right} of {len(self.samples)} right ({self.accuracy:.0%}), "
            f"median {self.ms(0.5):.1f} ms, p99 {self.ms(0.99):.1f} ms"
        )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
