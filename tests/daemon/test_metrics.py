"""The metrics, read strictly: every counter has its place, and all of it keeps the format."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli import protocol
from sticli.daemon.disk.records import Appended, Batch, SessionRecord
from sticli.daemon.http.exposition import Family, Sample, render
from sticli.daemon.metrics import metrics
from sticli.daemon.sessions import Session
from sticli.daemon.worker.usage import NAMES, Usage
from tests.daemon import prometheus

STATUS = protocol.Status(
    version=protocol.Version("1.2", 1, 7, 0.0),
    worker="ready",
    worker_pid=8,
    restarts=3,
    last_error="",
    model=None,
    sessions=2,
    cells=1000,
    cells_reserved=600,
    cells_used=400,
    usage={},
    counters={"lines": 5, "dropped": 2, "new_thing": 4},
    paths={},
)


def session(name: str, lines: int, at: float) -> Session:
    one = Session(SessionRecord("u" + name, name, None, None, 1.0, 1.0))
    one.become("live")
    one.accepted(Appended(0, lines, 1, Batch(0, 1, at, ["x" * 99] * lines)))
    return one


def value(found: dict[str, prometheus.Family], name: str, /, **labels: str) -> float:
    return found[f"sticli_{name}"].samples["", frozenset(labels.items())]


def test_every_counter_of_the_worker_has_a_family_of_its_own() -> None:
    usage = Usage()
    for number, name in enumerate(NAMES, 1):
        usage.counters[name] = float(number)
    status = msgspec.structs.replace(STATUS, usage=usage.report())
    found = prometheus.parse(metrics(status, [], 0.0))
    assert "sticli_worker_counter" not in found
    shown = [one for family in found.values() for one in family.samples.values()]
    assert len(shown) >= len(status.usage)
    assert set(map(float, range(1, len(NAMES) + 1))) <= set(shown)
    assert value(found, "pending_asks", state="running") == NAMES.index("asks_running") + 1
    assert value(found, "tokens_total", **{"class": "ask"}) == NAMES.index("tokens_ask") + 1


def test_durations_are_summaries() -> None:
    usage = Usage()
    for milliseconds in range(1, 101):
        usage.steps["ask"].add(milliseconds / 1000)
    status = msgspec.structs.replace(STATUS, usage=usage.report())
    found = prometheus.parse(metrics(status, [], 0.0))
    steps = found["sticli_step_seconds"]
    ask = frozenset({("class", "ask")})
    assert steps.kind == "summary"
    assert steps.samples["_count", ask] == 100
    assert steps.samples["_sum", ask] == pytest.approx(5.05)
    assert 0.05 <= steps.samples["", ask | {("quantile", "0.5")}] <= 0.051
    assert found["sticli_step_seconds_max"].samples["", ask] == 0.1


def test_counters_that_nobody_told_of_are_shown_all_the_same() -> None:
    status = msgspec.structs.replace(STATUS, usage={"odd_thing": 1.5, "step_s_odd_p50": 2.0})
    found = prometheus.parse(metrics(status, [], 0.0))
    assert value(found, "worker_counter", name="odd_thing") == 1.5
    assert value(found, "worker_counter", name="step_s_odd_p50") == 2.0
    assert value(found, "front_counter", name="new_thing") == 4
    assert value(found, "lines_total") == 5
    assert value(found, "dropped_lines_total") == 2


def test_cells_and_sessions_by_state() -> None:
    first, second = session("a", 10, 50.0), session("b", 20, 70.0)
    first.place = "host"
    second.state, second.full = "full", True
    found = prometheus.parse(metrics(STATUS, [first, second], 80.0))
    cells = {state: value(found, "cells", state=state) for state in ("used", "reserved", "free")}
    assert cells == {"used": 400, "reserved": 600, "free": 400}
    assert value(found, "sessions", place="host") == value(found, "sessions", place="none") == 1
    assert value(found, "pending_lines") == 30
    assert value(found, "pending_tokens") == 1500
    assert value(found, "session_pending_tokens", session="a") == 500
    assert value(found, "session_ingest_lag_seconds", session="a") == 30.0
    assert value(found, "session_ingest_lag_seconds", session="b") == 0.0
    assert value(found, "ingest_lag_seconds") == 30.0
    assert value(found, "worker_restarts_total") == 3


@given(st.text(), st.floats())
def test_any_text_and_number_is_written_so_that_it_reads_as_it_was(
    text: str, number: float
) -> None:
    family = Family("a", "gauge", "what\n\\it is")
    found = prometheus.parse(render([family], [Sample("a", number, {"b": text})]))
    ((_, labels),) = found["a"].samples
    assert dict(labels) == {"b": text}
    assert repr(found["a"].samples["", labels]) == repr(float(number)) or number == int(number)
