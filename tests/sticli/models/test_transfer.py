"""The moving line of a long work on a file."""

import pytest

from sticli.models.transfer import Transfer, line


@pytest.mark.parametrize(
    ("what", "done", "moved", "seconds", "said"),
    [
        ("a.gguf", 0, 0, 0.0, "a.gguf: 0 B of 4.0 GB (0 %)"),
        ("a.gguf", 10**9, 10**8, 2.0, "a.gguf: 1.0 GB of 4.0 GB (25 %), 50.0 MB/s, 1m left"),
        ("a.gguf", 4 * 10**9, 10**9, 8.0, "a.gguf: 4.0 GB of 4.0 GB (100 %), 125.0 MB/s, 0s left"),
        ("x" * 99, 10**9, 0, 1.0, "…" + "x" * 31 + ": 1.0 GB of 4.0 GB (25 %)"),
    ],
)
def test_what_is_drawn(what: str, done: int, moved: int, seconds: float, said: str) -> None:
    assert line(what, done, 4 * 10**9, moved, seconds) == said


def test_the_rate_is_that_of_this_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was there before was not moved now."""
    times = iter([100.0, 102.0, 103.0])
    drawn = list[str]()
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    with Transfer(wanted=True) as transfer:
        monkeypatch.setattr(transfer._meter, "draw", drawn.append)
        transfer.tell("a", 50, 100)
        transfer.tell("a", 70, 100)
        transfer.tell("checking a", 10, 100)
    assert drawn == [
        "a: 50 B of 100 B (50 %)",
        "a: 70 B of 100 B (70 %), 10 B/s, 3s left",
        "checking a: 10 B of 100 B (10 %)",
    ]
    assert capsys.readouterr() == ("", "")  # stderr is no terminal
