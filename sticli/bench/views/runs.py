"""Tables of runs: what each engine took in each case, and how it fared."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from sticli.bench import estimate, group
from sticli.bench.group import Group
from sticli.bench.report import Usage
from sticli.bench.views.number import figure, milliseconds, percent, span, three, times
from sticli.bench.views.table import Column, Table
from sticli.render import count


def of(found: Sequence[Group]) -> list[Table]:
    """The tables of groups whose cases have the same keys."""
    made = (make(found) for make in (latency, freshness, measured, cost))
    return [table for table in made if table]


def latency(found: Sequence[Group]) -> Table:
    """Time to the first and the last token, by case and engine."""
    firsts = [one.values("first") for one in found]
    floors = [group.beside(one, found) for one in found]
    ratios = [
        group.over(one, floor) if floor else None for one, floor in zip(found, floors, strict=True)
    ]
    columns = [
        *_cases(found),
        _times("p50", firsts, 0.5),
        _times("p95", firsts, 0.95, 4),
        _times("p99", firsts, 0.99, 1),
        _times("MAX", firsts, 1.0, 5),
        *_more(found),
        Column("× FLOOR", [times(one.value if one else None) for one in ratios]),
        Column("INTERVAL", [span(one.low, one.high) if one else "–" for one in ratios], 7),
    ]
    names = {floor.engine for floor in floors if floor}
    floor = f"; × FLOOR: over {' or '.join(sorted(names))} after the same lines" if names else ""
    return Table(f"{_title(found)}: ms to the first token{floor}", _told(columns))


def _more(found: Sequence[Group]) -> list[Column]:
    """What is not in every workload: longer answers, failures, answers that lack lines."""
    failed = [sum(1 for one in group.samples if one.error) for group in found]
    behind = [group.behind for group in found]
    stalls = [group.values("stall") for group in found]
    long = any(sample.tokens > 1 for group in found for sample in group.answered)
    return [
        *([_times("LAST p50", [one.values("last") for one in found], 0.5, 3)] if long else []),
        *([_times("STALL", stalls, 1.0, 6)] if any(map(any, stalls)) else []),
        Column("COMPUTED", [_computed(group) for group in found], 2),
        Column("ASKS", [count(len(group.samples)) for group in found], 8),
        *([Column("FAILED", list(map(count, failed)))] if any(failed) else []),
        *([Column("BEHIND", list(map(percent, behind)))] if any(behind) else []),
    ]


def _computed(one: Group) -> str:
    """Tokens of a prompt that were computed after the question was put."""
    known = [sample.computed for sample in one.answered if sample.computed is not None]
    return count(round(estimate.median(known))) if known else "–"


def freshness(found: Sequence[Group]) -> Table | None:
    """How far behind the feed the engines and their answers are."""
    found = [one for one in found if _moves(one)]
    if not found:
        return None
    lags = [one.lags for one in found]
    stale = [one.values("stale") for one in found]
    unseen = [[sample.unseen for sample in one.answered] for one in found]
    columns = [
        *_cases(found),
        _times("LAG p50", lags, 0.5, 2),
        _times("LAG p99", lags, 0.99),
        _times("STALE p50", stale, 0.5, 2),
        _times("STALE p99", stale, 0.99),
        Column("UNSEEN", [f"{fmean(one):.1f}" if one else "–" for one in unseen], 3),
        Column("FROM", [_sources(one) for one in found], 1, text=True),
    ]
    title = f"{_title(found)}: ms until lines are read, and by which answers were out of date"
    return Table(title, _told(columns))


def _moves(one: Group) -> bool:
    told = ("", "live")
    return bool(one.lags) or any(x.source not in told or x.stale for x in one.answered)


def _sources(one: Group) -> str:
    """Where sticli says that answers came from, as flash 96 %, live 4 %."""
    sources = [sample.source for sample in one.answered if sample.source]
    shares = {name: sources.count(name) / len(sources) for name in sorted(set(sources))}
    return ", ".join(f"{name} {percent(share)}" for name, share in shares.items()) or "–"


def cost(found: Sequence[Group]) -> Table:
    """What the engines took for it: processor, device, energy, memory."""

    def column(head: str, rank: int, of: Callable[[Usage], float | None]) -> Column:
        return Column(head, [_sum(of(run.usage) for run in one.runs) for one in found], rank)

    columns = [
        *_cases(found),
        column("CPU s", 0, lambda usage: usage.cpu_s),
        column("WALL s", 1, lambda usage: usage.wall_s),
        Column("CPU ms/ASK", [_each(one) for one in found], 2),
        Column("MEMORY MB", [_most(run.usage.resident for run in one.runs) for one in found]),
        column("GPU s", 0, lambda usage: usage.gpu_s),
        Column("GPU MB", [_most(run.usage.gpu_bytes for run in one.runs) for one in found]),
        column("JOULES", 0, lambda usage: usage.joules),
    ]
    return Table(f"{_title(found)}: what it took, ingest and all", _told(columns))


def _each(one: Group) -> str:
    """Processor time by question, everything else that happened included."""
    taken = [run.usage.cpu_s for run in one.runs if run.usage.cpu_s is not None]
    asked = len(one.samples)
    return milliseconds(sum(taken) / asked) if taken and asked else "–"


def _sum(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return three(sum(known)) if known else "–"


def _most(values: Iterable[int | None]) -> str:
    known = [value for value in values if value is not None]
    return three(max(known) / 1e6) if known else "–"


def measured(found: Sequence[Group]) -> Table | None:
    """What only this workload measures: the facts of its runs, medians of all rounds."""
    found = [one for one in found if any(run.facts for run in one.runs)]
    names = dict.fromkeys(name for one in found for run in one.runs for name in run.facts)
    columns = [Column(name, [_fact(one, name) for one in found]) for name in names]
    return Table(f"{_title(found)}: and what else", [*_cases(found), *columns]) if found else None


def _fact(one: Group, name: str) -> str:
    values = [run.facts[name] for run in one.runs if name in run.facts]
    return figure(estimate.median(values), "") if values else "–"


def _keys(found: Sequence[Group], *, varied: bool) -> list[str]:
    """What the cases are told apart by, or what they have in common."""
    keys = dict.fromkeys(key for one in found for key in one.case)
    return [key for key in keys if varied == (len({one.case.get(key) for one in found}) > 1)]


def _title(found: Sequence[Group]) -> str:
    """The workload, and what is the same in all of its cases."""
    if not found:
        return ""
    fixed = [f"{key} {_value(found[0].case[key])}" for key in _keys(found, varied=False)]
    return ", ".join([found[0].workload, *fixed])


def _cases(found: Sequence[Group]) -> list[Column]:
    """A column for each thing that was varied, and the engine; what repeats is left blank."""
    varied = _keys(found, varied=True)
    columns = list[Column]()
    for depth, key in enumerate(varied, 1):
        shown, before = list[str](), None
        for one in found:
            now = [one.case.get(name) for name in varied[:depth]]
            shown.append("" if now == before else _value(one.case.get(key)))
            before = now
        columns.append(Column(key.upper(), shown))
    return [*columns, Column("ENGINE", [one.engine for one in found], text=True)]


def _value(value: float | str | None) -> str:
    if value is None:
        return "–"
    return count(value) if isinstance(value, int) else str(value)


def _told(columns: Sequence[Column]) -> list[Column]:
    """Those that say anything."""
    return [one for one in columns if any(cell not in ("–", "") for cell in one.cells)]


def _times(head: str, values: Sequence[Sequence[float]], q: float, rank: int = 0) -> Column:
    """A quantile of seconds, as milliseconds."""
    cells = [milliseconds(estimate.quantile(one, q)) if one else "–" for one in values]
    return Column(head, cells, rank)
