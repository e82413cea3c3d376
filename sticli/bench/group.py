"""The runs of a report, put together: one group an engine and case, all rounds of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sticli.bench import estimate
from sticli.bench.estimate import Estimate
from sticli.bench.report import Case, Report, Run, Sample

FLOORS = ("bare", "reuse")  # what times are taken over: the first of these that ran
TRUTHS = ("stateless", "bare", "reuse")  # whose answers the others should give


@dataclass(frozen=True, slots=True)
class Group:
    """Every round of one engine in one case of a workload."""

    workload: str
    case: Case
    engine: str
    runs: list[Run] = field(default_factory=list)

    @property
    def samples(self) -> list[Sample]:
        """All questions, failed ones too, in the order of rounds."""
        rounds = sorted(self.runs, key=lambda run: run.round)
        return [sample for run in rounds for sample in run.samples]

    @property
    def answered(self) -> list[Sample]:
        """Those that have an answer."""
        return estimate.answered(self.samples)

    @property
    def behind(self) -> float:
        """The share of answers without lines that were due when they began."""
        answers = self.answered
        return sum(one.unseen > 0 for one in answers) / len(answers) if answers else 0.0

    @property
    def lags(self) -> list[float]:
        """Seconds from due to being in the cache, of every arrival."""
        return [lag for run in self.runs for lag in run.lag or ()]

    def values(self, measure: str) -> list[float]:
        """A measure of those that have an answer, in seconds."""
        return [estimate.MEASURES[measure](sample) for sample in self.answered]


def told(case: Case) -> str:
    """A case in words: context 4,096, delta 256"""
    return ", ".join(
        f"{key} {value:,}" if isinstance(value, int) else f"{key} {value}"
        for key, value in case.items()
    )


def workloads(report: Report) -> list[str]:
    """The workloads that have runs, in their order."""
    return list(dict.fromkeys(run.workload for run in report.runs))


def groups(report: Report, workload: str) -> list[Group]:
    """The groups of a workload, equal cases beside each other, all in their order."""
    found: dict[str, dict[str, Group]] = {}
    for run in report.runs:
        if run.workload == workload:
            beside = found.setdefault(repr(sorted(run.case.items())), {})
            group = beside.setdefault(run.engine, Group(workload, run.case, run.engine))
            group.runs.append(run)
    return [group for beside in found.values() for group in beside.values()]


def families(report: Report, workload: str) -> list[list[Group]]:
    """The groups of a workload; those whose cases are told apart by the same keys together."""
    found: dict[tuple[str, ...], list[Group]] = {}
    for one in groups(report, workload):
        found.setdefault(tuple(sorted(one.case)), []).append(one)
    return list(found.values())


def largest(groups: Iterable[Group]) -> list[Group]:
    """Those of the last case among the cases that most engines ran."""
    cases: dict[str, list[Group]] = {}
    for one in groups:
        cases.setdefault(told(one.case), []).append(one)
    return max(reversed(cases.values()), key=len, default=[])


def beside(group: Group, others: Iterable[Group], words: Iterable[str] = FLOORS) -> Group | None:
    """The group of the same case whose engine has the first of these words in its name."""
    same = [other for other in others if other.case == group.case]
    for word in words:
        for other in same:
            if word in other.engine.split():
                return other
    return None


def quotients(
    group: Group, other: Group, measure: str = "first", *, alike: bool = False
) -> list[float]:
    """A measure over the same of the other engine, question by question, where both answered.

    `alike` takes only answers after the same lines.
    """
    ours, theirs = list[float](), list[float]()
    for mine, his in _pairs(group, other):
        a, b = estimate.paired(mine.samples, his.samples, measure, alike=alike)
        ours += a
        theirs += b
    return [a / b for a, b in zip(ours, theirs, strict=True) if b > 0]


def over(group: Group, other: Group, measure: str = "first") -> Estimate | None:
    """How many times as long as the other it takes, after the same lines: the median of pairs."""
    found = quotients(group, other, measure, alike=True)
    return estimate.level(found) if found else None


def agreement(group: Group, other: Group) -> estimate.Agreement:
    """How often both gave one answer to a question after the same lines."""
    found = [estimate.agreement(a.samples, b.samples) for a, b in _pairs(group, other)]
    return estimate.Agreement(sum(one.equal for one in found), sum(one.compared for one in found))


def _pairs(group: Group, other: Group) -> list[tuple[Run, Run]]:
    """The rounds that both ran to the end; one that was broken off has no pair."""
    theirs = {run.round: run for run in other.runs}
    pairs = [(run, theirs[run.round]) for run in group.runs if run.round in theirs]
    return [(a, b) for a, b in pairs if len(a.samples) == len(b.samples)]
