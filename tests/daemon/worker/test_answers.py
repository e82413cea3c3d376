"""Guesses and typed answers over real models: the embedded one, and one of random weights."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sticli.daemon.engines.base import Engine, Vocabulary
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.daemon.worker import template
from sticli.daemon.worker.guide import Guide, Guides
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.template import Frame
from sticli.demo.world.market import Market
from sticli.form import Form
from sticli.models.find import embedded_model
from tests.daemon.worker.stepping import answered, begun, filled
from tests.tiny import CELL_BYTES, write_model


@dataclass(frozen=True)
class Subject:
    """A real model, opened."""

    engine: Engine
    vocabulary: Vocabulary
    frame: Frame
    guides: Guides

    def session(self, texts: list[str]) -> Session:
        return filled(self.engine, self.vocabulary, texts, 1024, self.frame)

    def answer(
        self,
        session: Session,
        asked: str,
        *,
        guesses: int = 0,
        most: int = 24,
        form: Form | None = None,
        one_line: bool = True,
    ) -> Question:
        guide: Guide | None = None
        if form:
            guide = self.guides.start(form, one_line=one_line)
            most = guide.need or most
        question = begun(
            self.engine,
            self.vocabulary,
            session,
            asked,
            most=most,
            one_line=one_line,
            guide=guide,
        )
        answered(self.engine, self.vocabulary, question, guesses)
        return question


def opened(path: Path) -> Subject:
    model = Model(path)
    vocabulary = ModelVocabulary(model)
    engine = LlamaCpp(model, Tuning(False, 128, 1), 4096, CELL_BYTES, {})
    parts = template.split(vocabulary)
    frame = template.frame(parts, None, vocabulary)
    return Subject(engine, vocabulary, frame, Guides(vocabulary))


@pytest.fixture(scope="module")
def embedded() -> Iterator[Subject]:
    subject = opened(embedded_model())
    yield subject
    subject.engine.close()


@pytest.fixture(scope="module", params=["tiny", "window"])
def tiny(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """Random weights; in every other layer of the second kind 32 tokens are seen."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    if request.param == "tiny":
        subject = opened(write_model(path, seed=3))
    else:
        subject = opened(write_model(path, seed=3, architecture="gemma2", window=32))
    yield subject
    subject.engine.close()


@pytest.fixture
def market(embedded: Subject) -> Iterator[tuple[Market, Session]]:
    """A market, and the embedded model's session of it."""
    market = Market(5, 4)
    session = embedded.session([market.line() for _ in range(30)])
    yield market, session
    assert session.seq is not None
    embedded.engine.drop(session.seq)


def same(plain: Question, quick: Question) -> None:
    assert quick.produced == plain.produced
    assert (str(quick.text), quick.finish) == (str(plain.text), plain.finish)


@pytest.mark.parametrize("asked", ["", "in the end", "the the the"])
def test_random_weights_say_the_same_with_guesses(tiny: Subject, asked: str) -> None:
    session = tiny.session(["there then than on in there"] * 3)
    plain = tiny.answer(session, asked, most=120, one_line=False)
    quick = tiny.answer(session, asked, guesses=8, most=120, one_line=False)
    same(plain, quick)
    assert quick.drafted
    assert session.seq is not None
    tiny.engine.drop(session.seq)


def test_the_embedded_model_says_the_same_with_guesses(
    embedded: Subject, market: tuple[Market, Session]
) -> None:
    source, session = market
    for question in source.questions():
        same(
            embedded.answer(session, question.text),
            embedded.answer(session, question.text, guesses=6),
        )
    assert session.ledger.accepted, "prices are copied from the lines"


def test_right_answers_are_the_same_when_typed(
    embedded: Subject, market: tuple[Market, Session]
) -> None:
    source, session = market
    symbols = Form(choices=[*source.symbols, "none"])
    checked = 0
    for question in source.questions():
        free = embedded.answer(session, question.text)
        form = symbols if question.kind == "last_name" else Form(number=True)
        if str(free.text) == "none" and form.number:
            continue
        typed = embedded.answer(session, question.text, form=form)
        assert (str(typed.text), typed.confidence) == (str(free.text), free.confidence)
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("asked", ["what now?", "is it up?", "who is it", "last price of QQQQ?"])
def test_whatever_is_asked_the_form_holds(
    embedded: Subject, market: tuple[Market, Session], asked: str
) -> None:
    _, session = market
    texts = ["yes", "no", "perhaps so"]
    for guesses in (0, 6):
        chosen = embedded.answer(session, asked, form=Form(choices=texts), guesses=guesses)
        assert (str(chosen.text) in texts, chosen.finish) == (True, "stop")
        number = embedded.answer(session, asked, form=Form(number=True), guesses=guesses)
        assert re.fullmatch(r"-?\d+(\.\d+)?", str(number.text)), number.text


def test_typed_answers_are_the_same_with_guesses(tiny: Subject) -> None:
    session = tiny.session(["there then than on in there"])
    schema: dict[str, object] = {
        "type": "object",
        "properties": {
            "name": {"enum": ["there", "then", "than"]},
            "size": {"type": "integer", "minimum": 0, "maximum": 999},
        },
        "required": ["name", "size"],
        "additionalProperties": False,
    }
    for asked in ("who?", "in on an", "the other"):
        for form in (Form(schema=schema), Form(choices=["then on", "than in"]), Form(number=True)):
            plain = tiny.answer(session, asked, form=form, most=60)
            quick = tiny.answer(session, asked, form=form, most=60, guesses=8)
            same(plain, quick)
            assert plain.finish == "stop"
            if form.schema:
                assert quick.accepted > 10, "most of it is forced"
    assert session.seq is not None
    tiny.engine.drop(session.seq)
