"""A call of the bench on the embedded model, without a terminal."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sticli.bench import steps, subject
from sticli.bench.prompt import prompter
from sticli.bench.report import Report
from sticli.bench.stage import Options, Stage


@pytest.fixture
def staged() -> Iterator[Callable[[Options], Stage]]:
    """Makes the stage for some options; its model is the embedded one, in short contexts."""
    whole, facts = subject.find(subject.Wish(), seed=1)
    found = replace(whole, context=1024)
    with prompter(found.path) as words:

        def make(options: Options) -> Stage:
            report = Report("sticli bench", "2026-01-01T00:00:00Z", 1, {}, {}, facts, {})
            return Stage(options, found, words, report, steps.bar(quiet=True))

        yield make
