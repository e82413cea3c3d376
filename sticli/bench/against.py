"""How many times as fast one engine answers as another, over the same stretches of a schedule."""

from collections.abc import Sequence

from sticli.bench import estimate, group
from sticli.bench.adapters.base import NAMES
from sticli.bench.report import Case, Figure, Report, Sample
from sticli.render import plural

LIVE, REUSE, STATELESS = NAMES["live"], NAMES["reuse"], NAMES["stateless"]


def by_engine(report: Report, workload: str, case: Case) -> dict[str, list[Sample]]:
    """The samples of each engine in one case, in order of time: those of two engines are pairs."""
    found = group.groups(report, workload)
    return {one.engine: one.samples for one in found if one.case == case}


def faster(
    workload: str,
    name: str,
    ours: Sequence[Sample],
    theirs: Sequence[Sample],
    target: float | None = None,
    measure: str = "first",
) -> Figure:
    """Their time to the first token, or the last, over ours, pair by pair."""
    slow, quick = estimate.paired(theirs, ours, measure, alike=True)
    missing = f"{_lacking(ours)}{_failed('ours', ours)}{_failed('theirs', theirs)}"
    if not quick:
        why = f"no question has an answer of both after the same lines{missing}"
        return Figure(workload, name, None, target=target, least=True, detail=why)
    value, low, high = estimate.ratio(slow, quick)
    detail = f"{_ms(slow)} over {_ms(quick)} ms, {plural(len(quick), 'question')}{missing}"
    return Figure(workload, name, value, "×", target, True, low, high, detail)


def _ms(seconds: Sequence[float]) -> str:
    return f"{estimate.median(seconds) * 1e3:,.2f}"


def _lacking(samples: Sequence[Sample]) -> str:
    """How many of the answers had not seen all that was due: speed that is no merit."""
    late = sum(sample.unseen > 0 for sample in estimate.answered(samples))
    return f"; {late} of ours lack lines, which a lower --rate gives time to read" if late else ""


def _failed(whose: str, samples: Sequence[Sample]) -> str:
    """How many questions have no answer, and so no pair: nobody is quicker by failing."""
    lost = [one.error for one in samples if one.error]
    return f"; {len(lost)} of {whose} failed: {lost[0]}" if lost else ""
