"""What the lead of an answer tells of its being right: the curve that decisions stand on."""

import math
from collections.abc import Hashable, Sequence
from itertools import pairwise

from sticli.calibration.curve import GAPS, Curve, Sample
from sticli.demo.exam.decided import sample
from sticli.demo.exam.interval import Share, share
from sticli.demo.exam.record import Played, flat
from sticli.demo.exam.tables import cell, key, markdown, span

PAPERS = (0.87, 0.945)  # precision and coverage that papers report
EDGES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, math.inf)
WIDTH = 40  # characters of a bar

Decision = tuple[Hashable, Sample]


def decisions(played: Sequence[Played]) -> list[Decision]:
    """All answers that could have been decisions, each beside its feed."""
    found = ((key(one), sample(asked)) for one, asked in flat(played))
    return [(feed, decision) for feed, decision in found if decision]


def table(played: Sequence[Played], usual: float) -> str:
    """Coverage and precision at every gap, that of the model among them."""
    known = decisions(played)
    rows = []
    for row in Curve([one for _, one in known]).rows((*GAPS, usual)):
        covered, precise = at(known, row.gap)
        mark = " (default)" if row.gap == usual else ""
        rows.append([f"{row.gap:g}{mark}", cell(covered), cell(precise)])
    return markdown(["gap", "coverage", "precision"], rows)


def at(known: Sequence[Decision], gap: float) -> tuple[Share, Share]:
    """The share of decisions that a gap lets pass, and of those the share of right ones."""
    passing = [(feed, _passes(one, gap), one.answer == one.truth) for feed, one in known]
    covered = share((feed, passed) for feed, passed, _ in passing)
    return covered, share((feed, right) for feed, passed, right in passing if passed)


def _passes(one: Sample, gap: float) -> bool:
    return one.answer is not None and one.lead >= gap


def widest(played: Sequence[Played], coverage: float) -> float | None:
    """The largest gap, to two places, that lets this share of decisions pass; None if none does."""
    known = [one for _, one in decisions(played)]
    leads = sorted((one.lead for one in known if one.answer is not None), reverse=True)
    wanted = math.ceil(coverage * len(known))
    return math.floor(100 * leads[wanted - 1]) / 100 if 0 < wanted <= len(leads) else None


def verdict(played: Sequence[Played], usual: float) -> str:
    """Both at the model's gap, beside those of the papers, as a list."""
    found = at(decisions(played), usual)
    names = ("coverage", "precision")
    told = [
        f"- {name} {cell(one)}, {_beside(one, papers)} the {100 * papers:.1f} % of the papers"
        for name, one, papers in zip(names, found, reversed(PAPERS), strict=True)
    ]
    return "\n".join(told)


def _beside(found: Share, papers: float) -> str:
    if found.low > papers:
        return "surely above"
    if not found.of:
        return "nothing beside"
    return "above, but not surely," if found.value > papers else "**not above**"


def chart(played: Sequence[Played], *, decided: bool) -> str:
    """Right answers by lead, drawn; of decisions, or of the whole answers to open questions."""
    points = _decided(played) if decided else _open(played)
    lines = [
        _bar(low, high, [(feed, hit) for feed, lead, hit in points if low <= lead < high])
        for low, high in pairwise(EDGES)
    ]
    return "\n".join(["lead        right, of all with this lead", *filter(None, lines)])


Point = tuple[Hashable, float, bool]  # feed, lead, whether it was right


def _decided(played: Sequence[Played]) -> list[Point]:
    return [(feed, one.lead, one.answer == one.truth) for feed, one in decisions(played)]


def _open(played: Sequence[Played]) -> list[Point]:
    return [(key(one), asked.lead, asked.right) for one, asked in flat(played) if not sample(asked)]


def _bar(low: float, high: float, hits: Sequence[tuple[Hashable, bool]]) -> str:
    """One bin as a line; empty where nothing is in it."""
    if not hits:
        return ""
    found = share(hits)
    bins = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and up"
    bar = "#" * round(WIDTH * found.value)
    return f"{bins:<11} {bar:<{WIDTH}} {100 * found.value:5.1f} % ({span(found)}, n={found.of:,})"
