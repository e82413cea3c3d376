"""Sessions beside each other are fed and asked as declared, and figures are made of that."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sticli.bench.report import Sample
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import tenants

Staged = Callable[[Options], Stage]
LIVE = "sticli live"


@given(some.integers(1, 9), some.integers(1, 20), some.floats(0.2, 4.0), some.integers())
def test_questions_come_in_order_to_all_in_turn(
    sessions: int, rate: int, seconds: float, seed: int
) -> None:
    names = [f"t{n}" for n in range(sessions)]
    found = tenants.questions(names, random.Random(seed), rate, seconds)
    assert len(found) == max(1, round(rate * seconds))
    moments = [one.at for one in found]
    assert moments == sorted(moments)
    assert moments[0] >= 0
    assert moments[-1] < seconds + 1 / rate
    counts = Counter(one.session for one in found)
    assert max(counts.values()) - min(counts[name] for name in names) <= 1


def test_the_bound_is_the_slow_idle_ask_and_one_step() -> None:
    calm = [Sample("main", "?", first=0.010)] * 5
    loaded = [Sample("main", "?", first=0.063)] * 5
    found = tenants.bounded(calm, loaded)
    assert found.value == pytest.approx(0.063 / 0.060)
    assert found.met is True
    lost = tenants.bounded(calm, [Sample("main", "?", error="it hung")] * 5)
    assert (lost.value, lost.detail) == (None, "no answer: it hung")


def test_all_of_it_on_real_sessions(staged: Staged) -> None:
    stage = staged(Options(engines=("live",)))
    sizes = tenants.Sizes((2,), 100, 120, 1, 0.3, 10.0, 20.0, 4)
    told = list[str]()
    with stage.engines(tenants.ENGINES, 600, sessions=tenants.NEIGHBOURS + 1) as engines:
        tenants.crowd(stage, engines, 2, sizes, told.append)
        tenants.beside(stage, engines, sizes, told.append)
        tenants.full_speed(stage, engines, sizes, told.append)
        with pytest.raises(KeyError):
            engines[0].settle("feed0")  # nobody is left behind
    assert len(told) == sizes.rounds * 3
    runs = {str(run.case): run for run in stage.report.runs}
    assert list(runs) == [
        "{'tenants': 2, 'context': 100, 'rate': 10.0}",
        "{'context': 120, 'residents': 1}",
        "{'context': 120, 'residents': 9}",
        "{'context': 120, 'ingesting': 0}",
        "{'context': 120, 'ingesting': 8}",
    ]
    crowd, *others = runs.values()
    assert {one.session for one in crowd.samples} == {"t0", "t1"}
    assert [one.error for run in runs.values() for one in run.samples] == [""] * (6 + 4 * 4)
    assert crowd.lag is not None
    assert len(crowd.lag) == 2 * 3
    assert {run.engine for run in others} == {LIVE}
    beside, busy = stage.report.figures
    assert (beside.target, busy.target) == (None, 1.10), "the first is held to with 4k sessions"
    assert beside.value is not None
    assert busy.value is not None
    assert busy.value > 0
