"""News folded: the last answer wins, whatever came late, and nothing grows without bound."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sticli.errors import SticliError
from sticli.protocol import Event
from sticli.watch import state as module
from sticli.watch.news import Lost, News
from sticli.watch.state import EVENTS, HISTORY, LINES, LONGEST, State
from tests.sticli.watch.said import DEVICE, answered, event, flash, line, session, snapshot, status

GONE = Lost(3.0, SticliError("unreachable", "gone", "start it"))


def folded(*news: News, chosen: str | None = "s") -> State:
    state = State()
    state.choose(chosen)
    for one in news:
        state.fold(one)
    return state


def test_a_snapshot_is_what_is_known() -> None:
    state = folded(snapshot(7.0, flashes=[flash()], lines=[line(1)], device=DEVICE))
    assert (state.at, state.lost, state.device) == (7.0, None, DEVICE)
    assert state.sessions == {"s": session()}
    assert state.flashes == {"q1": flash()}
    assert ([*state.lines], state.line_count) == ([line(1)], 1)


def test_what_was_known_stays_when_the_daemon_goes() -> None:
    state = folded(snapshot(flashes=[flash()]), GONE, Lost(9.0, GONE.error))
    assert (state.lost, state.lost_at) == (GONE.error, 3.0)
    assert state.flashes == {"q1": flash()}
    state.fold(snapshot())
    assert state.lost is None


def test_the_last_answer_wins_over_an_older_look() -> None:
    old, new = flash("1", 5.0), flash("2", 8.0)
    state = folded(snapshot(4.0, flashes=[old]), answered(new), snapshot(7.0, flashes=[old]))
    assert state.flashes["q1"] == new
    assert [*state.past("s", "q1").values] == ["2"]


def test_an_event_that_comes_late_does_not_bring_back_an_older_answer() -> None:
    state = folded(snapshot(9.0, flashes=[flash("2", 8.0)]), answered(flash("1", 5.0)))
    assert state.flashes["q1"].answer == "2"
    assert [*state.past("s", "q1").values] == ["1", "2"]


def test_a_look_after_the_answer_is_believed_whatever_it_says() -> None:
    again = flash(None, None)  # it was removed and asked anew
    state = folded(snapshot(4.0, flashes=[flash()]), answered(flash("2", 8.0)))
    state.fold(snapshot(8.5, flashes=[again]))
    assert state.flashes["q1"] == again
    assert not state.past("s", "q1").values


def test_another_question_under_an_old_id_has_another_past() -> None:
    other = flash("x", 9.0, question="which?")
    state = folded(answered(flash("1")), snapshot(flashes=[other]))
    assert [*state.past("s", "q1").values] == ["x"]
    state.fold(answered(replace(other, answer="y")))
    assert [*state.past("s", "q1").values] == ["y"]


def test_the_past_is_that_of_the_events_and_of_now() -> None:
    state = folded(answered(flash("1", 5.0)), answered(flash("2", 6.0), 2))
    assert [*state.past("s", "q1").values] == ["1", "2"]
    state.fold(snapshot(flashes=[flash("3", 8.0)]))
    past = state.past("s", "q1")
    assert ([*past.values], past.changed_at) == (["1", "2", "3"], 8.0)
    assert [*folded(snapshot(flashes=[flash("3")])).past("s", "q1").values] == ["3"]
    assert not state.past("s", "nobody").values


def test_a_removed_session_has_no_past() -> None:
    state = folded(answered(flash("1")), event("session", 2, state="removed"))
    assert not state.past("s", "q1").values


def test_lines_that_begin_anew_take_the_place_of_the_others() -> None:
    state = folded(snapshot(lines=[line(1), line(2)]), snapshot(lines=[line(3)], skipped=0))
    begun = state.begun
    assert (len(state.lines), state.line_count) == (3, 3)
    state.fold(snapshot(lines=[line(1, "other")]))
    assert ([*state.lines], state.line_count) == ([line(1, "other")], 1)
    assert state.begun == begun + 1


def test_lines_that_were_skipped_count() -> None:
    state = folded(snapshot(lines=[line(1)]), snapshot(lines=[line(9)], skipped=7))
    assert (len(state.lines), state.line_count) == (2, 9)


def test_another_session_is_another_feed() -> None:
    state = folded(snapshot(flashes=[flash()], lines=[line(1)]))
    assert state.seen
    state.choose("t")
    state.fold(snapshot(flashes=[flash()], lines=[line(1)]))  # a look that was under way
    assert not state.seen
    assert not state.flashes
    assert not state.lines


def test_events_that_a_snapshot_says_too_are_not_shown() -> None:
    kinds = ("connected", "heartbeat", "settled", "moved", "stale")
    state = folded(*(event(kind) for kind in kinds))
    assert [one.type for one in state.events] == ["moved", "stale"]
    assert state.event_count == 2


def test_shares_and_rates_are_those_of_late() -> None:
    usage = {"device_s_ask": 1.0, "tokens_ingest": 100.0}
    later = {"device_s_ask": 2.0, "tokens_ingest": 300.0}
    state = folded(
        snapshot(10.0, status=status(usage=usage)), snapshot(14.0, status=status(usage=later))
    )
    assert state.shares() == {"ask": 0.25, "ingest": 0.0, "flash": 0.0, "ready": 0.0, "upkeep": 0.0}
    assert state.token_rates()["ingest"] == 50.0


def test_an_event_that_tells_little_changes_the_answer() -> None:
    state = folded(snapshot(flashes=[flash("1")]), event("answer", id="q1", answer="2"))
    assert state.flashes["q1"] == flash("2")


def test_pasts_are_bounded_and_the_first_to_go_is_the_one_that_rested_longest() -> None:
    state = folded()
    for number in range(module.ASKED + 2):
        state.fold(answered(flash("1", id=f"q{number}")))
        state.fold(answered(flash("x", id="q0")))
    assert len(state._pasts) == module.ASKED
    assert state.past("s", "q0").values
    assert not state.past("s", "q1").values


texts = st.text(max_size=3 * LONGEST)
times = st.floats(0, 100)
ids = st.sampled_from(["q1", "q2"])
names = st.sampled_from(["s", "t"])


@st.composite
def news(draw: st.DrawFn) -> News:
    """Whatever a daemon could say, in any order and of any age."""
    kind = draw(st.sampled_from(["answer", "look", "lost", "other"]))
    at, key, name = draw(times), draw(ids), draw(names)
    asked = flash(draw(texts), at, id=key, session=name)
    if kind == "answer":
        return answered(asked)
    if kind == "lost":
        return GONE
    if kind == "other":
        return event(draw(st.sampled_from(["session", "moved", "settled"])), session=name)
    first, count = draw(st.integers(1, 9999)), draw(st.integers(0, 40))
    lines = [line(first + n) for n in range(count)]
    found = [asked] if draw(st.booleans()) else []
    skipped = draw(st.integers(0, 9))
    return snapshot(at, chosen=name, flashes=found, lines=lines, skipped=skipped)


@given(st.lists(st.tuples(news(), st.integers(1, 9)), max_size=60))
@settings(max_examples=60)
def test_no_order_of_news_exceeds_the_bounds(said: list[tuple[News, int]]) -> None:
    state = folded()
    for one, times_ in said:
        for _ in range(times_ * 10 if isinstance(one, Event) else 1):
            state.fold(one)
        assert len(state.lines) <= min(LINES, state.line_count)
        assert [x.seq for x in state.lines] == sorted({x.seq for x in state.lines})
        assert len(state.events) <= min(EVENTS, state.event_count)
        for past in state._pasts.values():
            assert len(past.values) <= HISTORY
            assert all(len(value) <= LONGEST for value in past.values)
        assert len(state._heard) <= 2


@given(st.permutations(range(1, 8)), st.lists(st.integers(0, 7), max_size=8))
def test_the_last_answer_wins_however_events_and_looks_interleave(
    order: list[int], looks: list[int]
) -> None:
    """Answer n is given at n; a look begins at n + 0.5, and may see what came meanwhile."""
    state = folded(snapshot(0.5, flashes=[flash(None, None)]))
    steps = [(number, 0) for number in order] + [(number, 1) for number in looks]
    for number, look in sorted(steps, key=lambda step: order.index(step[0]) if step[0] else -1):
        if look:
            seen = flash(str(number), float(number)) if number else flash(None, None)
            state.fold(snapshot(number + 0.5, flashes=[seen]))
        else:
            state.fold(answered(flash(str(number), float(number)), number))
    state.fold(snapshot(7.5, flashes=[flash("7", 7.0)]))
    assert state.flashes["q1"].answer == "7"
    assert state.past("s", "q1").values[-1] == "7"
