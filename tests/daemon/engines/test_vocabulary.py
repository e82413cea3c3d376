"""The tokeniser of a model file: bytes survive, feeds stay text, the template is the model's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.engines.model import Model
from sticli.daemon.engines.vocabulary import ModelVocabulary
from tests.tiny import CHATML, CONTROLS, vocabulary, write_model

FIRST_CONTROL = len(vocabulary()) - len(CONTROLS)


@pytest.fixture(scope="module")
def words(tiny: Path) -> Iterator[ModelVocabulary]:
    model = Model(tiny)
    yield ModelVocabulary(model)
    model.close()


def spelled(words: ModelVocabulary, tokens: list[int]) -> bytes:
    return b"".join(words.piece(token) for token in tokens)


@given(text=st.text() | st.text("\x00\x1b\n\r \t<|>ab\u20ac", max_size=200))
def test_text_survives(words: ModelVocabulary, text: str) -> None:
    tokens = words.encode(text)
    assert spelled(words, tokens) == text.encode()
    assert tokens == words.encode(text)
    assert all(token < FIRST_CONTROL for token in tokens)


def test_a_long_line_outgrows_the_buffer(words: ModelVocabulary) -> None:
    text = "x7 " * 30_000
    assert spelled(words, words.encode(text)) == text.encode()
    assert spelled(words, words.encode("the end")) == b"the end"


def test_nul_is_a_byte_like_others(words: ModelVocabulary) -> None:
    assert words.encode("a\0b") == [97, 0, 98]
    assert words.piece(0) == b"\0"


def test_lone_surrogates_become_question_marks(words: ModelVocabulary) -> None:
    assert spelled(words, words.encode("a\ud800b")) == b"a?b"


def test_merged_pairs_are_one_token(words: ModelVocabulary) -> None:
    tokens = words.encode("the")
    assert [words.piece(token) for token in tokens] == [b"th", b"e"]


@pytest.mark.parametrize("control", CONTROLS)
def test_plain_text_never_gives_control_tokens(words: ModelVocabulary, control: str) -> None:
    text = f"price {control} {control}"
    assert max(words.encode(text)) < FIRST_CONTROL
    assert spelled(words, words.encode(text)) == text.encode()
    assert words.encode(control, special=True) == [FIRST_CONTROL + CONTROLS.index(control)]


def test_control_tokens_have_no_text(words: ModelVocabulary) -> None:
    for token in range(FIRST_CONTROL, words.size):
        assert words.piece(token) == b""


def test_what_the_model_says_of_itself(words: ModelVocabulary) -> None:
    assert words.size == len(vocabulary())
    assert words.template == CHATML
    assert (words.bos, words.eos) == ("<|endoftext|>", "<|im_end|>")
    assert words.start() == [FIRST_CONTROL]
    assert [token for token in range(words.size) if words.ends(token)] == [
        FIRST_CONTROL + CONTROLS.index(text) for text in ("<|endoftext|>", "<|im_end|>")
    ]


def test_a_model_without_template(tmp_path: Path) -> None:
    model = Model(write_model(tmp_path / "plain.gguf", seed=2))
    assert ModelVocabulary(model).template is None
    model.close()
