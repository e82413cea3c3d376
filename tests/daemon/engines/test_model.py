"""Models that sessions cannot run on are refused in one line, and llama.cpp stays silent."""

import logging
from pathlib import Path

import gguf
import pytest

from sticli.daemon.engines import log
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.errors import SticliError
from tests.tiny import write_model


def refused(path: Path) -> str:
    with pytest.raises(SticliError) as caught:
        Model(path)
    assert caught.value.code == "model"
    assert caught.value.message.startswith(f"cannot load {path}: ")
    assert "\n" not in caught.value.message
    return caught.value.message


def test_what_a_model_says(tiny: Path) -> None:
    model = Model(tiny)
    assert (model.context, model.window) == (4096, 0)
    model.close()
    model.close()  # nothing is left to do


def test_a_vocabulary_needs_no_weights(tiny: Path) -> None:
    whole, words = Model(tiny), Model(tiny, vocabulary_only=True)
    assert words.vocabulary_size == whole.vocabulary_size
    found = [ModelVocabulary(model) for model in (whole, words)]
    del words  # the vocabulary holds it
    text = "the <|im_end|> one"
    spelled = [item.encode(text, special=True) for item in found]
    assert spelled[0] == spelled[1]
    assert found[0].template == found[1].template
    for token in range(whole.vocabulary_size):
        assert found[0].piece(token) == found[1].piece(token)
        assert found[0].ends(token) == found[1].ends(token)
    whole.close()


def test_how_far_it_is_loaded_is_told(tiny: Path) -> None:
    told: list[tuple[int, int]] = []
    Model(tiny, lambda *words: told.append(words)).close()
    size = tiny.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert len(told) > 3


def test_an_unknown_architecture(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_model(tmp_path / "odd.gguf", seed=1, architecture="no-such-thing")
    assert "no-such-thing" in refused(path)
    assert capfd.readouterr() == ("", "")


def test_a_file_without_weights(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "bare.gguf", "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    refused(tmp_path / "bare.gguf")


def test_errors_are_logged_and_warnings_are_not_shown(
    tiny: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with log.heard() as errors:
        pass
    assert errors == []
    with caplog.at_level(logging.INFO):
        Model(tiny).close()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
