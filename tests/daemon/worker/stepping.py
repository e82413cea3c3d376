"""Steps one question by itself over any engine; makes the fake engine repeat what it read."""

from collections.abc import Sequence

from sticli.daemon.engines.base import Engine, Output, Plan, Row, Vocabulary
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker.guide import Guide
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.transcript import Transcript
from tests.fakes import FakeEngine

FREE = 0.0  # the price of guesses that cost nothing: as many as may be are made


def filled(
    engine: Engine,
    vocabulary: Vocabulary,
    texts: Sequence[str],
    limit: int = 1024,
    frame: Frame | None = None,
) -> Session:
    """A session that holds these lines in its cache."""
    frame = frame or Frame(tuple(vocabulary.start()), "\nQuestion: ", "\nAnswer:", (), True)
    transcript = Transcript(frame.prefix, vocabulary.encode)
    session = Session("s", "u", limit, engine.open(limit), frame, transcript, 0)
    session.add(0, len(texts), texts)
    session.tokenise(limit)
    if session.tokens:
        engine.run(Plan((Row(session.seq, session.tokens, 0),)))
    session.length = len(session.tokens)
    return session


def begun(
    engine: Engine,
    vocabulary: Vocabulary,
    session: Session,
    asked: str,
    *,
    most: int = 32,
    one_line: bool = True,
    guide: Guide | None = None,
) -> Question:
    """A question on a fork of its own."""
    seq = engine.fork(session.seq, session.length)
    tail = session.frame.tail(asked, vocabulary)
    return Question(
        "ask", 1, session, seq, session.length, tail, most, one_line, 0, 0, 0, 0.0, guide
    )


def answered(
    engine: Engine, vocabulary: Vocabulary, question: Question, guesses: int, price: float = FREE
) -> int:
    """Step a question to its end, with at most so many guesses a pass; returns the passes."""
    passes = 0
    while not question.finish:
        question.guess(guesses, price)
        count = question.waiting(1 << 30)
        row = Row(question.seq, question.take(count), question.length, question.wants(count))
        assert len(row.tokens) == count
        (scores,) = engine.run(Plan((row,))).scores
        question.advance(count, scores, vocabulary, 0.0)
        assert question.finish or question.length == (
            question.cached + len(question.tail) + len(question.produced) - 1
        )
        assert engine.length(question.seq) <= question.cached + question.need
        engine.cut(question.seq, min(question.length, engine.length(question.seq)))
        passes += 1
    engine.drop(question.seq)
    return passes


def parrot(engine: FakeEngine, often: float) -> FakeEngine:
    """Make the engine say, that often, what followed when the last two tokens last stood there."""
    run = engine.run

    def repeating(plan: Plan) -> Output:
        output = run(plan).logits
        for row, logits in zip(plan.rows, output, strict=True):
            cells = engine._sequences[row.seq].cells
            for n in range(0 if logits is None else len(logits)):
                end = len(cells) - len(logits) + n + 1
                token = _followed([cell.token for cell in cells[:end]])
                if token is not None and cells[end - 1].digest[1] < often * 256:
                    logits[n][token] += 30
        return Output(tuple(None if item is None else HostScores(item) for item in output))

    engine.run = repeating  # type: ignore[method-assign]
    return engine


def _followed(tokens: list[int]) -> int | None:
    """What followed the last two tokens the last time that they stood together before."""
    for at in range(len(tokens) - 2, 0, -1):
        if tokens[at - 1 : at + 1] == tokens[-2:]:
            return tokens[at + 1]
    return None
