"""A clean environment and a private home for every test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sticli.machine import cuda

# A busy machine meets no deadline; CI tries the same examples each time, people new ones.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")

# Programs start hundreds of times in here: without this each of them compiles all of its files.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Triton asks for this when a kernel is imported: without a GPU its interpreter runs them.
if cuda.find() is None:
    os.environ["TRITON_INTERPRET"] = "1"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured, which they `record_property`, in whatever process they ran."""
    for report in terminalreporter.getreports("passed"):
        for name, found in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{name}: {found}")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for key in [key for key in os.environ if key.startswith("STICLI_")]:
        monkeypatch.delenv(key)
    for key in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(key, raising=False)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh `STICLI_HOME`; its path is short, for a Unix socket lies in it."""
    folder = Path(tempfile.mkdtemp(prefix="sticli-"))
    monkeypatch.setenv("STICLI_HOME", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
