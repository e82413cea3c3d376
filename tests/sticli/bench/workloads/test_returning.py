"""Sessions that come back to the device are really away before they are asked."""

from collections.abc import Callable

from sticli.bench import returning
from sticli.bench.stage import Options, Stage

Staged = Callable[[Options], Stage]


def test_two_sessions_on_cells_for_one_take_turns(staged: Staged) -> None:
    told = list[str]()
    host, disk = returning.figures(staged(Options()), 200, 6, told.append)
    assert told == ["sessions on host RAM", "sessions on disk"]
    for figure, place in ((host, "host RAM"), (disk, "disk")):
        assert place in figure.name
        assert figure.value is not None
        assert figure.value > 0
        assert figure.detail == "200 cells, 6 asks"
