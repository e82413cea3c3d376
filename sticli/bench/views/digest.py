"""A report in a few sentences: what an engineer wants to know first."""

from collections import Counter

from sticli.bench import estimate, group
from sticli.bench.group import Group
from sticli.bench.report import Report
from sticli.bench.views.number import milliseconds, percent, times
from sticli.render import plural

FEW = 100  # questions, below which the one in a hundred is just the slowest
HEADS = (
    "COMPUTED: tokens of the prompt computed once the question is put, the median; STALL: the "
    "longest gap between two tokens; BEHIND: answers without the newest lines; UNSEEN: how many "
    "lines an answer lacks, the mean; LAG: from when a line is due until it is read"
)
SCARCE = f"where there are fewer than {FEW} questions, p99 is next to the slowest of them"


def sentences(report: Report) -> list[str]:
    """One sentence a workload, of its largest case: the last that all engines ran."""
    found = [_sentence(group.groups(report, name)) for name in group.workloads(report)]
    return [one for one in found if one]


def remarks(report: Report) -> list[str]:
    """What a reader must know to read the tables right."""
    found = [one for name in group.workloads(report) for one in group.groups(report, name)]
    few = any(len(one.samples) < FEW for one in found)
    return [*report.notes, *_failures(found), *([SCARCE] if few else []), HEADS]


def _failures(found: list[Group]) -> list[str]:
    """Why questions have no answer, and how many."""
    errors = Counter(
        f"{one.workload}, {one.engine}: {sample.error}"
        for one in found
        for sample in one.samples
        if sample.error
    )
    return [f"{plural(number, 'question')} failed: {what}" for what, number in errors.items()]


def _sentence(groups: list[Group]) -> str:
    """First tokens of the largest case, and how many times as fast ours is as each other."""
    found = group.largest([one for one in groups if one.answered])
    if not found:
        return ""
    ours, *others = sorted(found, key=lambda one: not one.engine.startswith("sticli"))
    where = ", ".join(filter(None, (ours.workload, group.told(ours.case))))
    first = f"{where}: first token after {_median(ours)} ms ({ours.engine}{_behind(ours)})"
    return "; ".join([first, *(_beside(ours, other) for other in others)])


def _median(one: Group) -> str:
    return milliseconds(estimate.median(one.values("first")))


def _behind(one: Group) -> str:
    return f", {percent(one.behind)} without the newest lines" if one.behind else ""


def _beside(ours: Group, other: Group) -> str:
    ratio = group.over(other, ours)
    fast = f"{times(ratio.value)} times as fast as " if ratio else ""
    return f"{fast}{other.engine} ({_median(other)} ms{_behind(other)})"
