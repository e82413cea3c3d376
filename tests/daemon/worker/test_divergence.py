"""How far a window that slid is from a fresh session of its lines, on the embedded model.

The figures, which stand at the end of a run, are what the README says of `--on-full slide`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sticli.daemon import messages
from sticli.daemon.engines.base import Plan, Row, Seq
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.snapshot import Snapshots
from sticli.demo.world.market import Market
from sticli.errors import SticliError
from sticli.models.find import embedded_model
from tests.daemon.worker.link import Link, lines, opened

LIMIT, AFTER, MOST = 640, (1, 4, 8), 8


@dataclass(frozen=True)
class Divergence:
    """Of one context, over its questions."""

    slides: int
    questions: int
    largest: float  # difference of two logits
    mean: float
    spread: float  # standard deviation of the logits: what a difference is to be held against
    first: int  # questions whose first token agrees
    whole: int  # whose greedy answer does
    right: int  # answers from the window that slid that are true
    right_fresh: int  # answers from a fresh session

    def __str__(self) -> str:
        n = self.questions
        return (
            f"after {self.slides} slides: next-token logits differ by {self.mean:.2f} on average "
            f"and {self.largest:.2f} at most (they spread by {self.spread:.2f}); the first token "
            f"agrees in {self.first}/{n} questions, the answer in {self.whole}/{n}; "
            f"{self.right}/{n} true, {self.right_fresh}/{n} from a fresh session"
        )


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    try:
        model = Model(embedded_model())
    except SticliError:
        pytest.skip("no model ships with this tree")
    engine = LlamaCpp(model, Tuning(False, 256, 1), 4 * LIMIT, 4108, {})
    snapshots = Snapshots(tmp_path, b"k" * 32)
    yield Link(engine, ModelVocabulary(model), snapshots=snapshots)  # type: ignore[arg-type]
    engine.close()


def answered(link: Link, session: Session, seq: Seq, text: str) -> tuple[NDArray[np.float32], str]:
    """The logits after a question, and the greedy answer; `seq` stays as it is."""
    engine, vocabulary = link.engine, link.vocabulary
    tokens: list[int] = session.frame.tail(text, vocabulary)
    start = engine.length(seq)
    fork = engine.fork(seq, start)
    found, data = [], b""
    while not found or (len(found) < MOST and not vocabulary.ends(tokens[0])):
        (logits,) = engine.run(Plan((Row(fork, tokens, start, "last"),))).logits
        assert logits is not None
        start += len(tokens)
        found.append(logits[-1])
        tokens = [int(logits[-1].argmax())]
        data += vocabulary.piece(tokens[0])
    engine.drop(fork)
    return found[0], data.decode("utf-8", "replace").strip()


def measured(link: Link, session: Session, market: Market) -> Divergence:
    """The session against a fresh one that holds the same tokens."""
    assert session.seq is not None
    engine = link.engine
    fresh = engine.open(session.limit)
    engine.run(Plan((Row(fresh, session.tokens[: session.length], 0),)))
    differences, spreads, first, whole, right = [], [], 0, 0, [0, 0]
    questions = market.questions()
    for question in questions:
        slid, text = answered(link, session, session.seq, question.text)
        exact, said = answered(link, session, fresh, question.text)
        differences.append(np.abs(slid - exact))
        spreads.append(exact.std())
        first += int(slid.argmax() == exact.argmax())
        whole += text == said
        right[0] += text == question.truth
        right[1] += said == question.truth
    engine.drop(fresh)
    return Divergence(
        int(link.loop._usage.counters["slides"]),
        len(questions),
        float(np.max(differences)),
        float(np.mean(differences)),
        float(np.mean(spreads)),
        first,
        whole,
        *right,
    )


def test_divergence(link: Link, record_property: Callable[[str, object], None]) -> None:
    market, at = Market(7, 4), 0
    link.rest(opened(limit=LIMIT, on_full="slide"))
    session = link.loop._desk.sessions["s"]
    found = []
    for slides in AFTER:
        while link.loop._usage.counters["slides"] < slides:
            link.rest(lines([market.line() for _ in range(8)], at))
            at += 4
        found.append(measured(link, session, market))
    for item in found:
        record_property("divergence", str(item))
    assert session.slid
    assert not link.of(messages.Failed)
    for item in found:
        assert 0 < item.mean < item.spread
        assert item.first >= item.questions / 2


def test_a_restart_goes_on_with_the_very_cells(link: Link) -> None:
    market = Market(8, 4)
    feed = [market.line() for _ in range(60)]
    link.rest(opened(limit=LIMIT, on_full="slide"), lines(feed))
    session = link.loop._desk.sessions["s"]
    assert session.slid
    assert session.seq is not None
    questions = market.questions()
    before = [answered(link, session, session.seq, item.text) for item in questions]
    link.stop()
    engine, start = link.engine, session.window_from
    snapshots = link.loop._desk._recovery.snapshots
    again = Link(engine, link.vocabulary, snapshots=snapshots)
    again.rest(opened(limit=LIMIT, on_full="slide", window_from=start, lines=60))
    again.rest(lines(feed[start:], start))
    (restored,) = again.of(messages.Restored)
    assert restored.note.startswith("from snapshot")
    session = again.loop._desk.sessions["s"]
    assert session.slid
    assert session.seq is not None
    for (logits, text), item in zip(before, questions, strict=True):
        found, said = answered(again, session, session.seq, item.text)
        np.testing.assert_allclose(found, logits, atol=0.05)
        assert said == text
