"""Guesses change how many passes an answer takes, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon.worker.guide import Guides
from sticli.daemon.worker.lookup import Lookup
from sticli.daemon.worker.question import Question
from sticli.form import Form
from tests.daemon.worker.stepping import answered, begun, filled, parrot
from tests.fakes import FakeEngine, FakeVocabulary

VOCABULARY = FakeVocabulary()
GUIDES = Guides(VOCABULARY)
TEXTS = st.lists(st.text("ab\n", max_size=6).map(lambda text: text.replace("\n", "")), max_size=8)
FORMS: list[Form | None] = [
    None,
    Form(choices=["a", "abab", "abba bab"]),
    Form(number=True),
    Form(schema={"type": "array", "items": {"enum": ["ab", "ba", "abba"]}, "maxItems": 4}),
]


def asked(
    texts: list[str],
    form: Form | None,
    guesses: int,
    *,
    seed: int = 0,
    often: float = 0.9,
    most: int = 24,
    one_line: bool = True,
) -> tuple[Question, int]:
    """A question answered on an engine of its own, and the passes that it took."""
    engine = parrot(FakeEngine(seed=seed), often)
    session = filled(engine, VOCABULARY, texts)
    guide = GUIDES.start(form, one_line=one_line) if form else None
    question = begun(engine, VOCABULARY, session, "ab?", most=most, one_line=one_line, guide=guide)
    passes = answered(engine, VOCABULARY, question, guesses)
    assert engine.used == session.length
    return question, passes


@settings(max_examples=200)
@given(
    texts=TEXTS,
    form=st.sampled_from(FORMS),
    guesses=st.integers(1, 12),
    seed=st.integers(0, 1 << 32),
    often=st.sampled_from([0.3, 0.9, 1.0]),
    most=st.integers(1, 40),
    one_line=st.booleans(),
)
def test_answers_are_the_same_with_and_without_guesses(
    texts: list[str],
    form: Form | None,
    guesses: int,
    seed: int,
    often: float,
    most: int,
    one_line: bool,
) -> None:
    kinds = {"seed": seed, "often": often, "most": most, "one_line": one_line}
    plain, passes = asked(texts, form, 0, **kinds)
    quick, fewer = asked(texts, form, guesses, **kinds)
    for name in ("produced", "finish", "confidence"):
        assert getattr(quick, name) == getattr(plain, name), name
    assert str(quick.text) == str(plain.text)
    # every right guess saves a pass, but one that ends the answer
    assert 0 <= fewer - (passes - quick.accepted) <= 1
    assert plain.drafted == 0
    assert 0 <= quick.accepted <= quick.drafted


def test_an_engine_that_repeats_itself_needs_few_passes() -> None:
    question, passes = asked(["Answer: abcd"] * 3, None, 8, often=1.0, most=40, one_line=False)
    assert len(question.produced) == 40
    assert passes < 12
    assert question.accepted >= 28


def test_forced_text_is_guessed() -> None:
    form = Form(schema={"const": "nothing else can be said here"})
    question, passes = asked([], form, 12, most=64)
    assert str(question.text) == '"nothing else can be said here"'
    assert question.finish == "stop"
    assert passes < 6


def test_useless_guesses_end() -> None:
    engine = FakeEngine(4096)
    session = filled(engine, VOCABULARY, ["aa ab ba bb " * 20], 4096)
    drafted = []
    for n in range(12):
        question = begun(engine, VOCABULARY, session, f"{n}", most=30, one_line=False)
        answered(engine, VOCABULARY, question, 8, price=0.25)
        drafted.append(question.drafted)
    assert sum(drafted[6:]) <= 6, drafted
    assert session.ledger.drafted == sum(drafted)


def test_nothing_is_indexed_before_a_guess_and_later_only_what_is_new() -> None:
    engine = parrot(FakeEngine(), 1.0)
    session = filled(engine, VOCABULARY, ["abc abc abc"])
    answered(engine, VOCABULARY, begun(engine, VOCABULARY, session, "ab"), 0)
    assert session.lookup is None
    answered(engine, VOCABULARY, begun(engine, VOCABULARY, session, "ab"), 4)
    first = session.lookup
    assert isinstance(first, Lookup)
    session.add(1, 2, ["more"])
    session.tokenise(1 << 20)
    answered(engine, VOCABULARY, begun(engine, VOCABULARY, session, "ab"), 4)
    assert session.lookup is first
    session.transcript.tokens = session.tokens[4:]  # as a window that moved on
    answered(engine, VOCABULARY, begun(engine, VOCABULARY, session, "ab"), 4)
    assert session.lookup is not first


@pytest.mark.parametrize("most", [1, 2, 5])
def test_guesses_never_pass_the_end_of_the_answer(most: int) -> None:
    question, _ = asked(["ababab"], None, 50, often=1.0, most=most)
    assert len(question.produced) <= most
    assert question.drafted <= max(0, most - 2) + max(0, most - 1)


def test_guesses_wait_for_their_pass() -> None:
    engine = parrot(FakeEngine(), 1.0)
    session = filled(engine, VOCABULARY, ["abcabcabc"])
    question = begun(engine, VOCABULARY, session, "abc")
    assert question.guess(8) == 0, "the tail comes first"
    question.produced, question.length = (
        [ord("a"), ord("b")],
        session.length + len(question.tail) + 1,
    )
    count = question.guess(3, 0.0)
    assert count == 3
    assert question.guess(8, 0.0) == 3
    assert question.waiting(9) == 4
    assert question.waiting(1) == 1
    assert list(question.take(2)) == [ord("b"), ord("c")]
    assert [question.wants(1), question.wants(2)] == ["last", "all"]
