"""Tables of a report: what they say, and that they fit."""

import io
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sticli.bench import group
from sticli.bench.report import Figure, Report, Run
from sticli.bench.views import digest, runs, screen, tables
from sticli.bench.views.number import (
    LEAST,
    figure,
    percent,
    round_numbers,
    span,
    three,
    ticks,
    times,
)
from sticli.bench.views.table import Column, Table
from tests.sticli.bench.found import ENGINES, empty, found

CELLS = st.lists(st.text("abc 1", max_size=40), min_size=2, max_size=2)
COLUMNS = st.lists(
    st.builds(
        Column,
        st.text("XYZ", max_size=8),
        CELLS,
        st.integers(0, 3),
        st.booleans(),
        st.sampled_from((0, 0, 4, 20)),
    ),
    min_size=1,
    max_size=8,
)


def column(table: Table | None, head: str) -> list[str]:
    assert table is not None
    return next(list(one.cells) for one in table.columns if one.head == head)


def latency(report: Report) -> Table:
    return runs.latency(group.groups(report, "stream"))


def test_latency_has_a_row_for_each_engine_and_case() -> None:
    table = latency(found())
    assert column(table, "ENGINE") == [*ENGINES] * 4
    assert column(table, "CONTEXT") == ["4,096", *[""] * 7, "16,384", *[""] * 7]
    assert column(table, "DELTA") == ["64", "", "", "", "1,024", "", "", ""] * 2


def test_ratios_are_those_of_pairs() -> None:
    ratios = [float(cell) for cell in column(latency(found()), "× FLOOR")]
    for engine, ratio in zip([*ENGINES] * 4, ratios, strict=True):
        assert ratio == pytest.approx(ENGINES[engine] / ENGINES["bare"], rel=0.05)


def test_failed_questions_are_counted_and_have_no_time() -> None:
    report = found()
    first = report.runs[0]
    broken = [*first.samples]
    broken[2] = type(broken[2])("s", "?", first=99.0, last=99.0, error="gone")
    report.runs[0] = type(first)(
        first.workload, first.case, first.engine, first.round, broken, first.usage
    )
    table = latency(report)
    assert column(table, "FAILED")[:2] == ["1", "0"]
    assert max(float(cell) for cell in column(table, "MAX")[:3]) < 99_000
    assert "1 question failed: stream, sticli live: gone" in digest.remarks(report)


def test_nothing_measured_has_no_tables() -> None:
    report = empty()
    assert tables.ending(report) == []
    assert digest.sentences(report) == []
    stream = io.StringIO()
    screen.show(report, stream)
    assert "a processor" in stream.getvalue()


def test_targets_are_met_from_their_side() -> None:
    report = empty()
    report.figures += [
        Figure("w", "fast", 6.0, target=5.9, least=True),
        Figure("w", "slow", 5.0, target=5.9, least=True),
        Figure("w", "near", 1.05, target=1.1),
        Figure("w", "far", 1.2, "ms", target=1.1),
        Figure("w", "none", None, target=1.1, detail="it broke"),
        Figure("w", "free", 3.0),
    ]
    also, table = tables.ending(report)
    assert table.title == "Targets: 2 of 5 met"
    assert column(table, "MET") == ["met", "missed", "met", "missed", "–"]
    assert column(table, "TARGET")[0] == "≥ 5.90"
    assert column(table, "VALUE")[3:5] == ["1.20 ms", "–"]
    assert column(table, "VALUE")[0] == "6.00 × as fast"
    assert column(also, "FIGURE") == ["free"]


def test_answers_of_random_weights_are_not_compared() -> None:
    report = found()
    assert column(tables.agreement(report), "SHARE") == ["100 %"] * 3
    report.model["synthetic"] = "random weights"
    assert tables.agreement(report) is None


def test_who_misses_lines_is_told_and_not_called_fast() -> None:
    report = found()
    for at, run in enumerate(report.runs):
        if run.engine == "sticli live":
            late = [replace(one, lines=290, unseen=10) for one in run.samples[:4]]
            report.runs[at] = replace(run, samples=[*late, *run.samples[4:]])
    table = latency(report)
    assert column(table, "BEHIND")[:2] == ["80 %", "0 %"]
    ratio = float(column(table, "× FLOOR")[0])
    fair = [
        ours.samples[4].first / floor.samples[4].first
        for ours, floor in pairs(report, "sticli live", "bare")
        if ours.case == report.runs[0].case
    ]
    assert ratio == pytest.approx(median(fair), abs=0.006)
    assert "80 % without the newest lines" in digest.sentences(report)[0]


def pairs(report: Report, one: str, other: str) -> list[tuple[Run, Run]]:
    ours = [run for run in report.runs if run.engine == one]
    return list(zip(ours, [run for run in report.runs if run.engine == other], strict=True))


def test_cases_of_other_keys_have_their_own_table() -> None:
    report = found()
    report.runs += [replace(run, case={"tenants": 8}) for run in report.runs[:3]]
    titles = [table.title for table in tables.of(report, "stream")]
    assert [title.split(":")[0] for title in titles] == [
        *("stream", "stream", "stream"),
        *("stream, tenants 8", "stream, tenants 8", "stream, tenants 8"),
    ]


def test_lag_and_sources_are_shown_where_there_are_any() -> None:
    table = runs.freshness(group.groups(found(), "stream"))
    assert set(column(table, "ENGINE")) == {"sticli live"}
    assert column(table, "FROM")[0] == "live 100 %"
    assert float(column(table, "LAG p99")[0]) == pytest.approx(18.0)


@settings(max_examples=50)
@given(COLUMNS, st.integers(1, 120))
def test_columns_fit_or_are_those_that_never_go(columns: list[Column], room: int) -> None:
    kept = screen.fitting(columns, room)
    lines = list(screen.aligned(kept, room)) if kept else []
    assert all(not one.rank for one in kept) or all(len(line) <= room for line in lines)
    assert [one for one in columns if not one.rank] == [one for one in kept if not one.rank]


@settings(max_examples=50)
@given(COLUMNS, st.integers(1, 120))
def test_every_letter_of_a_cell_is_there(columns: list[Column], room: int) -> None:
    given = "".join(cell for one in columns for cell in (one.head, *one.cells))
    shown = "".join(screen.aligned(columns, room))
    assert sorted("".join(shown.split())) == sorted("".join(given.split()))


def test_a_long_name_takes_several_lines_where_there_is_no_room() -> None:
    report = empty()
    report.figures.append(Figure("w", "a name that is " + "very " * 20 + "long", 2.0, target=3.0))
    (table,) = tables.ending(report)
    for room in (60, 80, 120):
        lines = list(screen.aligned(screen.fitting(table.columns, room), room))
        assert len(lines) > 2
        assert max(map(len, lines)) <= room
        assert lines[1].endswith("met")


def test_a_report_in_a_sentence() -> None:
    (sentence,) = digest.sentences(found())
    assert sentence.startswith("stream, context 16,384, delta 1,024: first token after 1")
    assert "ms (sticli live); 0.89 times as fast as bare (" in sentence
    assert "llama.cpp stateless" in sentence


def test_the_largest_case_is_the_last_that_most_engines_ran() -> None:
    report = found()
    report.runs += [replace(run, case={"context": 65536}) for run in report.runs[:2]]
    (sentence,) = digest.sentences(report)
    assert sentence.startswith("stream, context 16,384, delta 1,024: ")


def test_a_sentence_begins_with_sticli_whatever_ran_first() -> None:
    report: Report = found(engines={"llama.cpp reuse": 4.0, "sticli live": 1.0})
    (sentence,) = digest.sentences(report)
    assert "times as fast as llama.cpp reuse (" in sentence
    assert "; 4.0" in sentence or "; 3.9" in sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0, "0"), (0.0001234, "0.00012"), (0.1321, "0.132"), (0.9996, "1.00")),
        *((1.044, "1.04"), (12.34, "12.3"), (99.96, "100"), (123.4, "123"), (12345.6, "12,346")),
    ],
)
def test_three_digits(value: float, text: str) -> None:
    assert three(value) == text


@given(st.floats(1e-6, 1e9))
def test_three_digits_are_near_the_value(value: float) -> None:
    assert float(three(value).replace(",", "")) == pytest.approx(value, rel=0.051)


def test_other_numbers() -> None:
    assert [times(value) for value in (0.9, 5.913, 51.2, None)] == ["0.90", "5.91", "51.2", "–"]
    assert [percent(share) for share in (1.0, 0.9999, 0.95, 0.0)] == [
        "100 %",
        "< 100 %",
        "95 %",
        "0 %",
    ]
    assert [ticks(value) for value in (0.5, 20, 4096, 16384, 1000)] == [
        "0.5",
        "20",
        "4k",
        "16k",
        "1,000",
    ]
    assert (figure(0.221, "ms"), figure(412345.0, "lines/s")) == ("0.221 ms", "412,345 lines/s")
    assert (figure(95.25, "%"), figure(3.0, ""), span(1.0, None)) == ("95.2 %", "3", "–")


@given(st.lists(st.floats(1e-3, 1e7), min_size=1, max_size=9))
def test_round_numbers_embrace_the_values(values: list[float]) -> None:
    found = round_numbers(values)
    assert found == sorted(set(found))
    assert found[0] <= max(min(values), LEAST)
    assert found[-1] >= max(values)
    assert len(found) <= 14
    assert found[0] > min(*values, 1) / 11 or found[0] == LEAST


def test_round_numbers_are_few() -> None:
    assert round_numbers([3.0, 40.0]) == [2, 5, 10, 20, 50]
    assert round_numbers([10.0]) == [10]
    assert round_numbers([0.26, 1900.0]) == pytest.approx([0.2, 1, 10, 100, 1000, 2000])
    assert round_numbers([0.0, 0.0]) == [LEAST]
