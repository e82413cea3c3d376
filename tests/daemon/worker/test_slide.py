"""A window that slides: the same cells whatever else goes on, questions served, nothing lost."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as configure
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.snapshot import Snapshots
from sticli.form import Form
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

LIMIT = 512
TEXTS = [f"line {n} {'x' * (n * 7 % 23)}" for n in range(200)]
KEY = b"k" * 32


def sliding(link: Link, texts: list[str], pieces: list[int]) -> None:
    """Append texts in pieces to a session whose window slides."""
    link.rest(opened(limit=LIMIT, on_full="slide"))
    at = 0
    for piece in [*pieces, len(texts)]:
        link.rest(lines(texts[at : at + piece], at))
        at = min(at + piece, len(texts))


def window(link: Link) -> int:
    return link.of(messages.Settled)[-1].window_from


def slides(link: Link) -> int:
    return int(link.loop._usage.counters["slides"])


def answered(link: Link, id: int = 1) -> str:
    link.rest(ask(id, version=len(TEXTS)))
    return link.done(id).text


def test_the_window_slides_and_nothing_is_computed_twice() -> None:
    link = Link()
    sliding(link, TEXTS, [1] * 150)
    assert slides(link) > 10
    assert 170 < window(link) < len(TEXTS)
    counters = link.loop._usage.counters
    prefix = len(link.loop._desk.sessions["s"].frame.prefix)
    assert counters["tokens_ingest"] == prefix + sum(len(text) + 1 for text in TEXTS)
    assert not link.of(messages.Full)
    assert link.engine.reserved == LIMIT
    kept = sum(len(text) + 1 for text in TEXTS[window(link) :])
    assert link.engine.used == link.of(messages.Settled)[-1].tokens == prefix + kept
    assert answered(link) != answer(TEXTS[window(link) :])  # approximate, and it does not hide it
    assert link.done(1).window_from == window(link)


@configure(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 60), max_size=20), st.sampled_from([8, 33, 512]), st.booleans())
@example([1, 1, 1, 1, 1, 19], 8, False)  # the slide is due where nothing else is to be computed
def test_what_it_holds_depends_on_the_lines_alone(
    pieces: list[int], chunk: int, shares: bool
) -> None:
    link, whole = Link(FakeEngine(chunk=chunk, shares=shares)), Link()
    sliding(link, TEXTS, pieces)
    sliding(whole, TEXTS, [])
    assert window(link) == window(whole)
    assert answered(link) == answered(whole)


def test_asks_go_on_while_it_slides_and_change_nothing() -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.01, 0.002)), clock=clock)
    link.rest(opened(limit=LIMIT, on_full="slide"), flash("f", "and?", debounce_ms=0))
    for at, text in enumerate(TEXTS):
        link.beat(lines([text], at))
        link.beat(ask(at + 1))
    link.rest()
    assert len(link.of(messages.Done)) == len(TEXTS)
    assert not link.of(messages.Failed)
    assert slides(link) > 10
    whole = Link()
    sliding(whole, TEXTS, [])
    assert answered(link, 999) == answered(whole)
    evaluated = link.of(messages.Evaluated)[-1]
    assert (evaluated.lines, evaluated.window_from) == (len(TEXTS), window(whole))


def test_a_running_ask_is_served_to_its_end_and_the_next_waits_for_the_slide() -> None:
    probe = Link()
    probe.rest(opened(limit=LIMIT, on_full="slide"))
    at = 0
    while not slides(probe):
        probe.rest(lines([TEXTS[at]], at))
        at += 1
    questions = (f"why {n}?" for n in range(100))
    long = next(item for item in questions if len(answer(TEXTS[: at - 1], item, 20)) == 20)
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.2)), clock=clock)
    link.rest(opened(limit=LIMIT, on_full="slide"), lines(TEXTS[: at - 1]))
    session = link.loop._desk.sessions["s"]
    link.beat(ask(1, long, most=20))
    link.beat(lines(TEXTS[at - 1 : at + 30], at - 1), ask(2))
    held = 0
    while session.promised:
        held += session.sliding
        link.beat()
    assert held > 1, "the ask was to hold the slide"
    link.rest()
    assert (link.done(1).window_from, len(link.done(1).text)) == (0, 20)
    assert link.done(2).window_from > 0
    assert link.of(messages.Settled)[-1].lines == at + 30


def test_prepared_decisions_give_way() -> None:
    link, whole = Link(), Link()
    form = Form(choices=["yes", "no"])
    link.rest(opened(limit=LIMIT, on_full="slide"))
    for id in ("f", "g"):
        link.rest(messages.AddFlash("s", id, f"up {id}?", 8, 0, form, gap=1e9))
    for at, text in enumerate(TEXTS):
        link.beat(lines([text], at))
        link.beat()
    link.rest()
    assert slides(link) > 10
    assert not link.of(messages.Failed)
    assert link.loop._usage.counters["ready_evaluations"] > 20
    sliding(whole, TEXTS, [])
    assert answered(link) == answered(whole)


def test_a_restart_goes_on_with_the_very_cells(tmp_path: Path) -> None:
    whole = Link()
    sliding(whole, TEXTS, [])
    snapshots = Snapshots(tmp_path, KEY)
    first = Link(snapshots=snapshots)
    sliding(first, TEXTS[:120], [])
    start = window(first)
    assert start > 0
    first.stop()
    second = Link(snapshots=snapshots)
    begin = opened(limit=LIMIT, on_full="slide", window_from=start, lines=120)
    second.rest(begin, lines(TEXTS[start:120], start))
    assert second.of(messages.Restored)[0].note.startswith("from snapshot")
    assert second.loop._desk.sessions["s"].slid
    second.rest(lines(TEXTS[120:], 120))
    assert window(second) == window(whole)
    assert answered(second) == answered(whole)


def test_without_its_cells_it_is_computed_anew_and_exact(tmp_path: Path) -> None:
    link = Link()
    sliding(link, TEXTS, [])
    start = window(link)
    again = Link()
    begin = opened(limit=LIMIT, on_full="slide", window_from=start, lines=len(TEXTS))
    again.rest(begin, lines(TEXTS[start:], start))
    session = again.loop._desk.sessions["s"]
    assert not session.slid
    assert any("exact" in note for note in session.ledger.notes)
    assert answered(again) == answer(TEXTS[start:])


def test_in_host_memory_it_stays_what_it_is() -> None:
    link, whole = Link(FakeEngine(cells=LIMIT)), Link()
    link.rest(*(opened(name, limit=LIMIT, on_full="slide", uid=name) for name in "ab"))
    for at in range(0, len(TEXTS), 40):
        for name in "ab":
            link.rest(lines(TEXTS[at : at + 40], at, session=name))
    sliding(whole, TEXTS, [])
    for id, name in enumerate("ab"):
        link.rest(ask(id, session=name, version=len(TEXTS)))
        assert link.done(id).text == answered(whole, id)


def test_where_it_had_to_be_computed_anew_it_says_so() -> None:
    """Nothing keeps its cells: no host memory, no disk."""
    link = Link(FakeEngine(cells=LIMIT), settings=Settings(host_budget_mb=0))
    link.rest(opened("a", limit=LIMIT, on_full="slide"), lines(TEXTS, session="a"))
    start = window(link)
    link.rest(opened("b", limit=LIMIT, uid="b"), lines(TEXTS[:3], session="b"))
    link.rest(ask(1, session="a"))
    assert link.done(1).text == answer(TEXTS[start:])
    notes = link.loop._desk.sessions["a"].ledger.notes
    assert any("exact" in note for note in notes)


def test_an_engine_that_cannot_slide_refuses_the_session_only() -> None:
    link = Link(FakeEngine(slides=False))
    link.rest(
        opened("a", on_full="slide"), opened("b", on_full="rebase"), lines(["x"], session="b")
    )
    (failed,) = link.of(messages.Failed)
    assert (failed.session, failed.code) == ("a", "bad_request")
    assert "cannot slide" in failed.message
    assert "rebase" in failed.hint
    assert link.of(messages.Settled)[-1].session == "b"


def test_a_slide_that_fails_ends_its_session_only(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link()

    def fails(*arguments: object) -> None:
        raise RuntimeError("llama_decode returned -3")

    monkeypatch.setattr(link.engine, "slide", fails)
    link.rest(opened("b", uid="b"), opened("a", limit=LIMIT, on_full="slide"))
    link.rest(
        lines(TEXTS, session="a"), lines(TEXTS[:5], session="b"), ask(1, session="b", version=5)
    )
    (failed,) = link.of(messages.Failed)
    assert (failed.session, failed.code) == ("a", "internal")
    assert link.done(1).text == answer(TEXTS[:5])
    assert link.engine.reserved == 1024


def test_a_line_as_long_as_the_window_slides_all_others_out() -> None:
    link = Link()
    long = "y" * 250
    link.rest(opened(limit=LIMIT, on_full="slide"), lines([*TEXTS[:20], long, "z" * 500, "end"]))
    link.rest(ask(1, version=23))
    assert link.done(1).lines == 23
    assert link.of(messages.Settled)[-1].left_out == 1
    assert window(link) >= 18
