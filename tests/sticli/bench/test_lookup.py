"""The measurement of guesses measures what it says."""

import json
import random
from pathlib import Path

from sticli.bench import lookup
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from sticli.daemon.engines.vocabulary import ModelVocabulary
from tests.tiny import CELL_BYTES, write_model


def test_the_script_is_answered_with_fewer_passes(tmp_path: Path) -> None:
    model = Model(write_model(tmp_path / "tiny.gguf", seed=1))
    engine = LlamaCpp(model, Tuning(False, 128, 1), 4096, CELL_BYTES, {})
    vocabulary = ModelVocabulary(model)
    texts = lookup.calls(random.Random(1), 6)
    plain, quick = (
        list(lookup.measure(engine, vocabulary, texts[:4], texts[4:], below)) for below in (0, 4)
    )
    assert [run.done.text for run in quick] == [run.done.text for run in plain] == texts[4:]
    for one, other in zip(plain, quick, strict=True):
        assert one.passes == one.done.completion_tokens - 1
        assert other.passes < one.passes
        assert other.done.accepted
    assert engine.reserved == 0
    engine.close()


def test_calls_are_json_and_repeat_themselves() -> None:
    found = [json.loads(text) for text in lookup.calls(random.Random(1), 20)]
    assert {call["tool"] for call in found} == {"quote"}
    assert {call["arguments"]["symbol"] for call in found} <= set(lookup.SYMBOLS)
