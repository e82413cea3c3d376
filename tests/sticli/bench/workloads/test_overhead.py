"""Both sides of each ratio do the same work, and processes are whole ones."""

from collections.abc import Callable

import pytest

from sticli.bench import commandline, filling
from sticli.bench.against import by_engine
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import overhead
from sticli.errors import SticliError

Staged = Callable[[Options], Stage]


def test_asks_and_ingest_beside_the_bare_calls(staged: Staged) -> None:
    stage = staged(Options(rounds=3))
    sizes = overhead.Sizes(300, 3, 2)
    limit = filling.cells(stage, sizes.context)
    told = list[str]()
    with stage.engines(overhead.ENGINES, limit) as engines:
        overhead.asks(stage, engines, sizes, told.append)
        overhead.ingest(stage, engines, sizes, limit, told.append)
    assert told == ["asks"] + ["ingest"] * 3
    found = by_engine(stage.report, "overhead", {"context": 300, "tokens": 1})
    assert list(found) == ["sticli live", "bare"]
    live, bare = found.values()
    assert len(live) == len(bare) == 6
    for ours, theirs in zip(live, bare, strict=True):
        assert not ours.error
        assert (ours.prompt, ours.computed, ours.tokens, ours.answer) == (
            theirs.prompt,
            theirs.computed,
            theirs.tokens,
            theirs.answer,
        )
    ask, ingest = stage.report.figures
    assert (ask.target, ask.least) == (1.10, False)
    assert (ingest.target, ingest.least) == (0.95, True)
    assert ask.value is not None
    assert ask.low is not None
    assert 0 < ask.low <= ask.value
    assert ingest.value is not None
    assert ingest.value > 0


def test_a_bare_prompt_is_the_prefix_and_the_lines(staged: Staged) -> None:
    stage = staged(Options())
    lines = filling.market(stage, 1).take(100)
    prefix, rest = overhead.parts(stage, lines, 600)
    assert prefix.tolist() == list(stage.prompter.frame.prefix)
    assert rest.tolist() == [token for line in lines for token in stage.prompter.line(line)]


def test_without_its_engines_a_figure_says_so(staged: Staged) -> None:
    stage = staged(Options())
    overhead.ingest(stage, [], overhead.Sizes(300, 3), 600, lambda _: None)
    (figure,) = stage.report.figures
    assert (figure.value, figure.met) == (None, None)
    assert "live" in figure.detail


def test_whole_processes(staged: Staged) -> None:
    path, told = staged(Options()).model.path, list[str]()
    ask = commandline.answer(path, 1, told.append)
    assert ask.value is not None
    assert ask.value > 0
    lines = commandline.appends(path, 2_000, 1, "full", told.append)
    assert lines.value is not None
    assert (lines.least, lines.target) == (True, 200_000.0)
    assert "2,000 lines, durability full" in lines.detail
    assert len(told) == 2


@pytest.mark.parametrize(("chosen", "rounds"), [(Options(quick=True), 6), (Options(rounds=5), 5)])
def test_sizes_follow_the_options(staged: Staged, chosen: Options, rounds: int) -> None:
    assert overhead.Sizes.of(staged(chosen)).rounds == rounds


def test_a_context_that_the_model_was_not_made_for_is_refused(staged: Staged) -> None:
    assert filling.context(staged(Options())) == filling.SHORT
    assert filling.context(staged(Options(contexts=(300, 400)))) == 300
    stage = staged(Options(contexts=(1024,)))
    with pytest.raises(SticliError, match="made for"):
        filling.context(stage)
    assert filling.cells(stage, 4096) == stage.model.context
    assert filling.cells(stage, 100) < 200
