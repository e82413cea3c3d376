"""The measurement of guesses measures what it says."""

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
    texts = lookup.calls(1, 12)
    plain, quick = (
        list(lookup.measure(engine, vocabulary, texts[:10], texts[10:], below)) for below in (0, 4)
    )
    assert [run.done.text for run in quick] == [run.done.text for run in plain] == texts[10:]
    for one, other in zip(plain, quick, strict=True):
        assert one.passes == one.done.completion_tokens - 1
        assert other.passes < one.passes
        assert other.done.accepted
    assert engine.reserved == 0
    engine.close()


def test_letters_hold_no_pair_that_never_stood_before() -> None:
    *held, last = lookup.noise(1, 9)
    before = " ".join(held)
    assert all(last[at : at + 2] in before for at in range(len(last) - 1))
    assert last not in before
