"""Decisions prepared ahead: what is read off, what stays prepared, and when it is of no use."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon import messages
from sticli.daemon.engines.base import Exhausted, Seq
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker.guide import Guide, Guides
from sticli.daemon.worker.ready import MOST, read
from sticli.daemon.worker.sessions import Session
from sticli.form import Form
from tests.daemon.worker.link import Link, ask, lines, opened
from tests.fakes import Clock, FakeEngine, FakeVocabulary, Price

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]
LETTERS = [letter + "x y" for letter in "abcdefghijklmnopqrstuvwxyz"]
PAIRS = [letter + end for letter in "abcdefghijklm" for end in ("", "b c")] + LETTERS[13:]
SURE, NEVER = 0.0, 1000.0  # logits
VOCABULARY = FakeVocabulary()
GUIDES = Guides(VOCABULARY)


def decide(
    id: str, choices: list[str], gap: float = SURE, question: str = "why?"
) -> messages.AddFlash:
    return messages.AddFlash("s", id, question, 8, 0, Form(choices), gap)


def choose(id: int, choices: list[str], decision: str = "", version: int = 0) -> messages.Ask:
    return messages.Ask(id, "s", "why?", 8, version, Form(choices), decision=decision)


def live(texts: list[str], choices: list[str], question: str = "why?") -> str:
    """What a lone session that holds these lines decodes."""
    link = Link()
    link.rest(opened(limit=4096), lines(texts))
    link.rest(messages.Ask(1, "s", question, 8, len(texts), Form(choices)))
    return link.done(1).text


def evaluated(link: Link, id: str = "d") -> messages.Evaluated:
    return [item for item in link.of(messages.Evaluated) if item.id == id][-1]


@pytest.mark.parametrize("gap", [SURE, NEVER])
@pytest.mark.parametrize("choices", [LETTERS, PAIRS])
def test_a_decision_is_what_decoding_would_come_to(choices: list[str], gap: float) -> None:
    link = Link()
    link.rest(opened(), decide("d", choices, gap))
    sources = set()
    for count in range(1, 20):
        link.rest(lines([FEED[count - 1]], count - 1))
        found = evaluated(link)
        sources.add(found.source)
        assert (found.version, found.completion_tokens) == (count, 0)
        if found.source == "ready":
            assert found.text == live(FEED[:count], choices)
            assert found.confidence >= gap
        link.rest(choose(count, choices, "d"))
        assert link.done(count).text == live(FEED[:count], choices)
    expected = {SURE: {"ready", "below"}, NEVER: {"below"}}
    assert sources == expected[gap]
    assert link.loop._usage.counters["ready_evaluations"] == 20


def test_a_certain_decision_costs_its_tail_and_keeps_nothing() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]))
    used, ran = link.engine.used, len(link.engine.plans)
    link.rest(decide("d", LETTERS))
    assert evaluated(link).source == "ready"
    (plan,) = link.engine.plans[ran:]
    assert plan.tokens == evaluated(link).new_tokens == len("\nQuestion: why?\nAnswer:")
    assert link.engine.used == used


def test_an_ask_goes_on_from_the_prepared_fork() -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.01, 0.001)), clock=clock)
    link.rest(opened(), lines(FEED[:5]))
    used = link.engine.used
    link.rest(decide("d", LETTERS, NEVER))
    tail = len("\nQuestion: why?\nAnswer:")
    assert link.engine.used == used + tail
    assert evaluated(link).source == "below"
    assert evaluated(link).text == live(FEED[:5], LETTERS)
    ran = len(link.engine.plans)
    link.rest(choose(1, LETTERS, "d"))
    done = link.done(1)
    assert done.text == live(FEED[:5], LETTERS)
    assert (done.first_token_s, done.new_tokens, done.cached_tokens) == (0.0, 0, used + tail)
    assert all(row.start >= used + tail for plan in link.engine.plans[ran:] for row in plan.rows)
    assert link.engine.used == used
    link.rest(choose(2, LETTERS, "d"))
    assert (link.done(2).text, link.done(2).new_tokens) == (done.text, tail)
    assert link.loop._usage.counters["ready_fallthroughs"] == 1


def test_a_lone_ask_with_choices_decodes_one_of_them() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]), choose(1, PAIRS))
    assert link.done(1).text in PAIRS


def test_whatever_settles_ends_what_was_prepared() -> None:
    link = Link(FakeEngine(chunk=32))
    link.rest(opened(), lines(FEED[:5]), decide("d", LETTERS, NEVER))
    session, questions = link.loop._desk.sessions["s"], link.loop._desk.questions
    for count in range(6, 12):
        assert questions.prepared(session)
        before = len(link.of(messages.Evaluated))
        link.inbox.append(lines([FEED[count - 1]], count - 1))
        while session.lines < count:
            link.beat()
        assert not questions.prepared(session) or len(link.of(messages.Evaluated)) > before
        link.rest()
        assert (evaluated(link).version, evaluated(link).text) == (
            count,
            live(FEED[:count], LETTERS),
        )
    link.rest(choose(1, LETTERS, "d"))
    assert (link.done(1).text, link.done(1).new_tokens) == (live(FEED[:11], LETTERS), 0)


def test_an_ask_that_comes_with_a_line_is_answered_of_either_state() -> None:
    link = Link(FakeEngine(chunk=8))
    link.rest(opened(), lines(FEED[:5]), decide("d", LETTERS, NEVER))
    link.rest(lines(FEED[5:6], 5), choose(1, LETTERS, "d"), choose(2, LETTERS, "d", version=6))
    for id in (1, 2):
        assert link.done(id).text == live(FEED[: link.done(id).lines], LETTERS)
    assert link.done(2).lines == 6


def prepared(on_full: str = "stop") -> tuple[Link, Session, int]:
    """A session with one prepared decision, and the cells in use before that."""
    link = Link()
    link.rest(opened(limit=400, on_full=on_full), lines(FEED[:5]))
    used, session = link.engine.used, link.loop._desk.sessions["s"]
    link.rest(decide("d", LETTERS, NEVER))
    assert link.loop._desk.questions.prepared(session) == session.promised > 0
    return link, session, used


@pytest.mark.parametrize("word", [messages.RemoveFlash("s", "d"), decide("d", LETTERS, SURE)])
def test_a_decision_that_goes_takes_its_fork_along(word: messages.Inbound) -> None:
    link, session, used = prepared()
    link.rest(word)
    assert (link.engine.used, session.promised) == (used, 0)


def test_a_session_that_goes_takes_its_prepared_forks_along() -> None:
    link, _, _ = prepared()
    link.rest(messages.Close("s"))
    assert (link.engine.used, link.engine.reserved) == (0, 0)


def test_prepared_forks_give_way() -> None:
    link, session, used = prepared()
    link.loop._desk.questions.give_way(session, link.clock())
    assert (link.engine.used, session.promised) == (used, 0)


def test_an_ask_takes_the_cells_of_prepared_forks() -> None:
    link, session, used = prepared()
    link.rest(ask(1, most=400 - session.length - len("\nQuestion: why?\nAnswer:")))
    assert link.done(1).new_tokens
    assert (link.engine.used, session.promised) == (used, 0)


def test_a_window_that_moves_ends_what_was_prepared() -> None:
    link, session, _ = prepared("rebase")
    link.rest(lines(FEED[5:], 5))
    assert evaluated(link).window_from == session.window_from > 0
    assert link.engine.reserved == 400
    link.rest(messages.RemoveFlash("s", "d"))
    assert (link.engine.used, session.promised) == (session.length, 0)


def test_a_fork_that_cannot_go_on_fails_its_ask_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("too much work")

    link, session, used = prepared()
    with monkeypatch.context() as patch:
        patch.setattr(Guide, "allowed", fail)
        link.rest(choose(1, LETTERS, "d"))
    assert [(item.id, item.code) for item in link.of(messages.Failed)] == [(1, "internal")]
    assert (link.engine.used, session.promised) == (used, 0)
    link.rest(choose(2, LETTERS, "d"))
    assert link.done(2).text == live(FEED[:5], LETTERS)


def test_another_question_under_the_same_name_is_not_answered_from_it() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]), decide("d", LETTERS, NEVER, question="who?"))
    link.rest(choose(1, LETTERS, "d"))
    assert link.done(1).text == live(FEED[:5], LETTERS)
    assert link.done(1).new_tokens


def test_many_decisions_are_all_read_and_the_newest_stay_prepared() -> None:
    link = Link()
    link.rest(opened(limit=4096), lines(FEED[:5]))
    used = link.engine.used
    link.rest(*(decide(str(n), LETTERS, NEVER, f"question {n:02}?") for n in range(MOST + 5)))
    assert {item.id for item in link.of(messages.Evaluated)} == {str(n) for n in range(MOST + 5)}
    for n in range(MOST + 5):
        assert evaluated(link, str(n)).text == live(FEED[:5], LETTERS, f"question {n:02}?")
    tails = [row for plan in link.engine.plans for row in plan.rows if row.wants == "last"]
    assert link.engine.used - used == MOST * len(tails[-1].tokens)


def test_prepared_forks_do_not_keep_lines_out() -> None:
    link = Link()
    link.rest(opened(limit=400), lines(FEED[:5]))
    link.rest(*(decide(str(n), LETTERS, NEVER, f"{n}?") for n in range(6)))
    link.rest(lines(["x" * 80], 5), *(lines([text], 6 + n) for n, text in enumerate(FEED[6:9])))
    assert link.of(messages.Settled)[-1].lines >= 6
    link.rest(choose(1, LETTERS))
    done = link.done(1)
    assert done.text == live([*FEED[:5], "x" * 80, *FEED[6:9]][: done.lines], LETTERS)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text("abcd \n", min_size=1, max_size=3), min_size=1, max_size=5, unique=True),
    st.integers(0, 1 << 30),
    st.sampled_from([0.0, 0.3, 2.0]),
)
def test_what_is_certain_leaves_one_way_on(texts: list[str], seed: int, gap: float) -> None:
    choices = [text.strip() for text in texts if text.strip() and "\n" not in text.strip()]
    if not choices:
        return
    logits = np.random.default_rng(seed).standard_normal(VOCABULARY.size).astype(np.float32)
    logits[97:101] += 3
    guide = GUIDES.start(Form(choices), one_line=True)
    scores = HostScores(logits[None])
    found = read(scores, guide, choices, gap, VOCABULARY)
    top = int(logits.argmax())
    assert found.lead == pytest.approx(float(logits[top] - np.delete(logits, top).max()))
    if found.certain:
        assert found.lead >= gap
        guide.take(scores.pick(0, guide.allowed()).token)
        text = bytes([top]).decode().lstrip()
        for letter in found.choice[len(text) :].encode():
            assert np.unpackbits(guide.allowed(), bitorder="little")[letter]
            guide.take(letter)
        assert [choice for choice in set(choices) if choice.startswith(text)] == [found.choice]


def test_the_cells_of_prepared_decisions_are_reported() -> None:
    link, session, _ = prepared()
    link.rest()
    assert link.of(messages.Usage)[-1].counters["cells_ready"] == session.promised > 0
    link.rest(messages.RemoveFlash("s", "d"), ask(1))
    assert link.of(messages.Usage)[-1].counters["cells_ready"] == 0


class Pool(FakeEngine):
    """Tells so many sequences of all sessions apart together."""

    most = 100

    def fork(self, seq: Seq, length: int) -> Seq:
        if len(self._sequences) >= self.most:
            raise Exhausted("no blocks")
        return super().fork(seq, length)


@pytest.mark.parametrize("standing", [False, True])
def test_prepared_forks_of_others_give_way_where_all_are_out_of_one_pool(standing: bool) -> None:
    engine = Pool(shares=True)
    link = Link(engine)
    link.rest(opened("a"), lines(FEED[:5], session="a"))
    link.rest(opened("b"), lines(FEED[:9], session="b"))
    for id in ("d", "e"):
        link.rest(messages.AddFlash("a", id, f"why {id}?", 8, 0, Form(LETTERS), NEVER))
    prepared = link.loop._desk.questions.prepared_everywhere
    engine.most = len(engine._sequences)
    if standing:
        link.rest(messages.AddFlash("b", "f", "why?", 8, 0))
        assert [item.id for item in link.of(messages.Evaluated)][-1] == "f"
    else:
        link.rest(ask(1, session="b"))
        assert link.done(1).text
    assert 0 < link.loop._desk.questions.prepared_everywhere < prepared
