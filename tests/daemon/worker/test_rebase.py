"""A window that moves: the newest half of the lines goes on, exactly, and questions are served."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon import messages
from sticli.daemon.worker.snapshot import Snapshots
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

LIMIT = 512
TEXTS = [f"line {n} {'x' * (n * 7 % 23)}" for n in range(200)]


def moving(link: Link, texts: list[str], pieces: list[int], **options: int) -> None:
    """Append texts in pieces to a session whose window moves."""
    link.rest(opened(limit=LIMIT, on_full="rebase", **options))
    at = 0
    for piece in [*pieces, len(texts)]:
        link.rest(lines(texts[at : at + piece], at))
        at = min(at + piece, len(texts))


def window(link: Link) -> int:
    return link.of(messages.Settled)[-1].window_from


def test_the_window_moves_and_answers_equal_a_fresh_session_of_what_is_kept() -> None:
    link = Link()
    moving(link, TEXTS, [1] * 150)
    start = window(link)
    assert 150 < start < len(TEXTS)
    link.rest(ask(1, version=len(TEXTS)))
    done = link.done(1)
    assert (done.text, done.window_from) == (answer(TEXTS[start:]), start)
    assert not link.of(messages.Full)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 60), max_size=30))
def test_the_window_depends_on_the_lines_alone(pieces: list[int]) -> None:
    link, whole = Link(), Link()
    moving(link, TEXTS, pieces)
    moving(whole, TEXTS, [])
    assert window(link) == window(whole)
    for one in (link, whole):
        one.rest(ask(1))
    assert link.done(1).text == whole.done(1).text


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_a_replay_from_a_remembered_start_agrees(data: st.DataObject) -> None:
    link = Link()
    moving(link, TEXTS, [1] * 199)
    starts = sorted({item.window_from for item in link.of(messages.Settled)})
    start = data.draw(st.sampled_from(starts))
    replay = Link()
    replay.rest(
        opened(limit=LIMIT, on_full="rebase", window_from=start, lines=len(TEXTS)),
        lines(TEXTS[start:], start),
        ask(1, version=len(TEXTS)),
    )
    link.rest(ask(1))
    assert replay.of(messages.Opened)[0].lines == start
    assert window(replay) == window(link)
    assert replay.done(1).text == link.done(1).text


def test_a_long_backlog_computes_only_what_is_kept() -> None:
    link = Link()
    link.rest(opened(limit=LIMIT, on_full="rebase"), lines(TEXTS * 20))
    computed = sum(link.loop._usage.counters[f"tokens_{kind}"] for kind in ("ingest", "upkeep"))
    assert computed < 3 * LIMIT


def test_asks_are_served_while_the_next_window_fills() -> None:
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.01, 0.002))
    link = Link(engine, clock=clock)
    link.rest(opened(limit=LIMIT, on_full="rebase"))
    at = id = 0
    for text in TEXTS:
        link.beat(lines([text], at))
        at, id = at + 1, id + 1
        link.beat(ask(id))
    link.rest()
    for done in link.of(messages.Done):
        kept = TEXTS[done.window_from : done.version]
        assert done.text == answer(kept), done.id
    assert len(link.of(messages.Done)) == len(TEXTS)


def test_without_cells_for_two_windows_it_is_rebuilt_in_place() -> None:
    link = Link(FakeEngine(cells=LIMIT + 100))
    moving(link, TEXTS, [1] * 199)
    start = window(link)
    assert start > 150
    link.rest(ask(1))
    assert link.done(1).text == answer(TEXTS[start:])
    assert link.engine.reserved == LIMIT
    told = [(item.lines, item.version) for item in link.of(messages.Settled)]
    assert told == sorted(told)  # a rebuild is not seen from outside, but for its window
    assert told[-1] == (len(TEXTS), len(TEXTS))


def test_a_rebuild_while_the_journal_arrives_restores_all_of_it_first() -> None:
    link = Link(FakeEngine(cells=LIMIT + 100))
    link.rest(opened(limit=LIMIT, on_full="rebase", lines=len(TEXTS)), lines(TEXTS[:60]), ask(1))
    assert not link.of(messages.Restored)
    assert not link.of(messages.Done)
    link.rest(lines(TEXTS[60:], 60))
    assert link.done(1).lines == len(TEXTS)


def test_a_rebuild_does_not_wait_for_flash_questions() -> None:
    """They wait for the ingest of others, which may never end; the rebuild must not."""
    clock = Clock()
    link = Link(FakeEngine(cells=2 * LIMIT, clock=clock, price=Price(0.01, 0.005)), clock=clock)
    link.rest(*(opened(name, limit=LIMIT, on_full="rebase", uid=name) for name in "ab"))
    link.rest(lines(TEXTS[:18], session="a"))
    link.beat(flash("f", "why? " * 8, session="a", debounce_ms=0))
    link.beat()
    link.inbox.append(lines(TEXTS[18:40], 18, session="a"))
    link.inbox.append(ask(7, session="a", version=40))
    for beat in range(600):
        if not any(done.id == 7 for done in link.of(messages.Done)):
            link.beat(lines(["more of the other"] * 4, beat * 4, session="b"))
    assert link.done(7).lines == 40
    assert link.loop._scheduler.sessions  # the other is still at it
    link.rest()
    assert link.of(messages.Evaluated)[-1].lines == 40


def test_lines_that_fit_are_read_before_the_next_window_is_done() -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.04, 0.01)), clock=clock)
    link.rest(opened(limit=LIMIT, on_full="rebase"))
    session = link.loop._desk.sessions["s"]
    assert session.window
    at = 0
    while not session.window.moves(len(TEXTS[at]) + 1):
        link.rest(lines([TEXTS[at]], at))
        at += 1
    link.beat(lines([TEXTS[at]], at))
    while session.length < len(session.tokens):
        link.beat()
    assert link.loop._scheduler.successors
    at += 1
    link.inbox.append(lines(["a short one"], at))
    while link.loop._scheduler.successors and link.of(messages.Settled)[-1].lines <= at:
        link.beat()
    assert link.of(messages.Settled)[-1].lines == at + 1
    assert link.of(messages.Settled)[-1].window_from == 0  # still the old window


def test_every_cell_comes_back() -> None:
    link = Link()
    for cut in (20, 60, 90, 140):
        moving(link, TEXTS[:cut], [7] * 10)
        link.rest(messages.Close("s"))
        assert (link.engine.reserved, link.engine.used) == (0, 0)


def test_a_close_while_the_next_window_fills() -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.04, 0.01)), clock=clock)
    link.rest(opened(limit=LIMIT, on_full="rebase"))
    for at, text in enumerate(TEXTS):
        link.beat(lines([text], at))
        if link.loop._scheduler.successors:
            break
    link.rest(messages.Close("s"))
    assert (link.engine.reserved, link.engine.used) == (0, 0)


def test_a_line_longer_than_any_window_is_left_out() -> None:
    link = Link()
    texts = ["a", "b" * LIMIT, "c"]
    link.rest(opened(limit=LIMIT, on_full="rebase"), lines(texts), ask(1, version=3))
    assert link.done(1).text == answer(["a", "c"])
    assert link.of(messages.Settled)[-1].lines == 3


def test_flash_questions_see_the_new_window() -> None:
    link = Link()
    link.rest(opened(limit=LIMIT, on_full="rebase"), flash("f", "why?"))
    for at, text in enumerate(TEXTS):
        link.rest(lines([text], at))
    last = link.of(messages.Evaluated)[-1]
    assert (last.version, last.window_from) == (len(TEXTS), window(link))
    assert last.text == answer(TEXTS[window(link) :])


def test_a_snapshot_of_a_moved_window_is_used(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    link = Link(snapshots=snapshots)
    moving(link, TEXTS, [1] * 199)
    start = window(link)
    link.stop()
    again = Link(snapshots=snapshots)
    again.rest(
        opened(limit=LIMIT, on_full="rebase", window_from=start, lines=len(TEXTS)),
        lines(TEXTS[start:], start),
        ask(1),
    )
    assert again.of(messages.Restored)[0].note.startswith("from snapshot")
    assert again.done(1).text == answer(TEXTS[start:])
