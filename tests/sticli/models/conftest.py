"""A tiny model file."""

from pathlib import Path

import pytest

from tests.tiny import CHATML, write_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model file with a chat template."""
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", seed=1, template=CHATML)
