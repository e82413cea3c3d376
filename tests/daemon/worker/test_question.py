"""The text of an answer as it grows."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.engines.base import Seq
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker.question import Question, Text
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.transcript import Transcript
from tests.fakes import FakeVocabulary

VOCABULARY = FakeVocabulary()


def question(*, one_line: bool = False, most: int = 99) -> Question:
    frame = Frame((1, 2), "\n", "", (), one_line)
    transcript = Transcript(frame.prefix, VOCABULARY.encode)
    session = Session("s", "u", 64, Seq(1), frame, transcript, 0)
    return Question("ask", 1, session, Seq(2), 2, [7, 8, 9], most, one_line, 0, 0, 0, 0.0)


def feed(asked: Question, data: bytes) -> list[str]:
    """Make a question produce these bytes, one token each."""
    import numpy as np

    asked.length = asked.cached + len(asked.tail) - 1
    pieces = []
    for byte in data:
        if asked.finish:
            break
        logits = np.zeros((1, VOCABULARY.size), np.float32)
        logits[0, byte] = 5
        pieces.append(asked.advance(1, HostScores(logits), VOCABULARY, 1.0))
    return pieces


@given(st.text(max_size=20))
def test_pieces_are_whole_characters_and_make_the_text(text: str) -> None:
    found = Text()
    pieces = [found.add(bytes([byte])) for byte in text.encode()]
    assert "".join(pieces).rstrip() == str(found) == text.strip()
    assert "\ufffd" not in "".join(pieces).replace("\ufffd" * text.count("\ufffd"), "")


@given(st.binary(max_size=20))
def test_any_bytes_make_some_text(data: bytes) -> None:
    found = Text()
    for byte in data:
        found.add(bytes([byte]))
    assert str(found).isprintable() or str(found)


def test_half_a_character_is_held_back() -> None:
    asked = question()
    assert feed(asked, "né".encode()) == ["n", "", "é"]


def test_tail_comes_in_chunks_and_only_its_end_wants_logits() -> None:
    asked = question()
    assert [asked.waiting(2), asked.take(2), asked.wants(2)] == [2, [7, 8], "none"]
    asked.advance(2, None, VOCABULARY, 0.0)
    assert [asked.waiting(5), asked.take(1), asked.wants(1)] == [1, [9], "last"]


def test_one_line_ends_at_its_newline() -> None:
    asked = question(one_line=True)
    feed(asked, b" \n 42 and\nQuestion")
    assert (str(asked.text), asked.finish) == ("42 and", "stop")


def test_other_answers_may_have_lines() -> None:
    asked = question(most=7)
    feed(asked, b"one\ntwo\nthree")
    assert (str(asked.text), asked.finish) == ("one\ntwo", "length")


def test_the_gap_of_the_first_token_is_its_confidence() -> None:
    asked = question()
    feed(asked, b"ab")
    assert asked.confidence == 5
