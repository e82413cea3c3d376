"""Passes compile nothing once an engine is open: a compiler takes longer than anybody waits."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.families import FAMILIES, write


@pytest.mark.timeout(300)
def test_serving_compiles_nothing(tmp_path: Path) -> None:
    shape = replace(
        FAMILIES["llama"], kinds=("Q4_K", "Q6_K"), width=512, forward=1024, heads=8, head_size=64
    )
    path = write(tmp_path / "model.gguf", shape)
    done = subprocess.run(
        [sys.executable, "-m", "tests.daemon.engines.gpu.rehearsal", path],
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"},
        check=False,
    )
    assert done.stdout + done.stderr == ""
