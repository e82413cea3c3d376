"""The encoder against llama.cpp's, on the published file's own vocabulary."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import jinja2
import llama_cpp
import pytest

from sticli.demo.exam.evaluate import MODEL
from sticli.demo.learning import vocabulary
from sticli.demo.world.question import WORDS
from sticli.demo.world.simulate import make_feed

Encode = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def peer() -> Iterator[Encode]:
    """llama.cpp's tokeniser over the published file, loaded without weights."""
    wanted = llama_cpp.llama_model_default_params()
    wanted.vocab_only = True
    model: Any = llama_cpp.llama_model_load_from_file(str(MODEL).encode(), wanted)
    known = llama_cpp.llama_model_get_vocab(model)

    def encode(text: str) -> list[int]:
        given = text.encode()
        room = (llama_cpp.llama_token * (len(given) + 8))()
        count = llama_cpp.llama_tokenize(known, given, len(given), room, len(room), False, False)
        return list(room[:count])

    yield encode
    llama_cpp.llama_model_free(model)


def test_ids_of_feeds_and_questions_are_llama_cpps(peer: Encode) -> None:
    rng = random.Random(3)
    for seed in range(80):
        feed = make_feed(rng, held_out=seed % 2 == 0)
        for _ in range(15):
            line, asked = feed.line() + "\n", feed.ask()
            assert vocabulary.encode(line) == peer(line)
            assert vocabulary.encode(f"\n{asked.text}") == peer(f"\n{asked.text}")
            assert vocabulary.encode(asked.truth) == peer(asked.truth)


def noise(rng: random.Random) -> str:
    ranges = [(32, 127), (9, 14), (160, 0x800), (0x800, 0xD800), (0xE000, 0x20000), (39, 40)]
    return "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(1, 16)))


def test_ids_of_any_text_are_llama_cpps(peer: Encode) -> None:
    rng = random.Random(0)
    for _ in range(3000):
        text = noise(rng)
        assert vocabulary.encode(text) == peer(text), repr(text)


def test_any_text_survives_and_never_becomes_a_control_token() -> None:
    rng = random.Random(1)
    for text in [*vocabulary.CONTROL, "a<|end|>b", *(noise(rng) for _ in range(500))]:
        ids = vocabulary.encode(text)
        assert vocabulary.decode(ids) == text
        assert max(ids) < vocabulary.BOS_ID


def test_words_are_single_tokens_and_numbers_are_spelled() -> None:
    assert all(len(vocabulary.encode(f" {word}")) == 1 for word in WORDS if len(word) > 2)
    assert len(vocabulary.encode("131.25")) == 6
    assert len(vocabulary.encode("ACME")) == 2


def test_traits_tell_letters_digits_and_words_apart() -> None:
    def trait(text: str) -> vocabulary.Trait:
        row = vocabulary.traits()[vocabulary.encode(text)[-1]]
        return vocabulary.Trait(
            max(set(vocabulary.Trait) - {vocabulary.Trait.VALUE}, key=row.__getitem__)
        )

    wanted = {
        "QX": "UPPER",
        "qx": "LOWER",
        "7": "DIGIT",
        "error": "WORD",
        ",": "MARK",
        "\n": "NEWLINE",
    }
    assert {text: trait(text).name for text in wanted} == wanted
    values = [
        vocabulary.traits()[vocabulary.encode(digit)[0]][vocabulary.Trait.VALUE]
        for digit in "0123456789"
    ]
    assert values == sorted(values)


def test_the_chat_template_is_the_layout() -> None:
    roles = [{"role": "system", "content": "x"}, {"role": "user", "content": "feed\n\nlast error?"}]
    rendered = jinja2.Template(vocabulary.CHAT_TEMPLATE).render(
        bos_token=vocabulary.BOS, messages=roles, add_generation_prompt=True
    )
    assert rendered == "<|bos|>feed\n\nlast error?<|answer|>"
    ids = vocabulary.line_ids("feed") + vocabulary.tail_ids("last error?")
    assert vocabulary.decode(ids) == "feed\n\nlast error?"
    assert ids[-1] == vocabulary.ANSWER_ID
