"""How the demo looks: a live screen on a terminal, plain lines elsewhere, or nothing."""

import sys
from collections import deque
from typing import TYPE_CHECKING

from sticli.demo.day import Day
from sticli.demo.score import Sample, Score
from sticli.protocol import Flash
from sticli.render import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 7  # lines of the feed and samples on the screen: 80x24 must do
COLUMNS = (("standing question", 26), ("answer", 12), ("truth", 12), ("", 1), ("version", 12))


class Silent:
    """Shows nothing: for `--json`."""

    def line(self, day: Day, text: str) -> None:
        """Nothing."""

    def sample(self, sample: Sample) -> None:
        """Nothing."""

    def standing(self, day: Day, flashes: list[Flash], score: Score) -> None:
        """Nothing."""


class Plain:
    """One line for everything that happens."""

    def line(self, day: Day, text: str) -> None:
        print(f"feed    {text}", flush=True)

    def sample(self, sample: Sample) -> None:
        print(f"{sample.kind:7} {_verdict(sample)}", flush=True)

    def standing(self, day: Day, flashes: list[Flash], score: Score) -> None:
        """Seen in the samples."""


class Screen:
    """A screen that is drawn again as things happen; enter it to see it."""

    def __init__(self) -> None:
        from rich.live import Live

        self._feed: deque[str] = deque(maxlen=SHOWN)
        self._samples: deque[Sample] = deque(maxlen=SHOWN)
        self._rows: list[tuple[str, ...]] = []
        self._foot = "the model is loading"
        self._title = ""
        self._live = Live(get_renderable=self._draw, refresh_per_second=8)

    def __enter__(self) -> "Screen":
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def line(self, day: Day, text: str) -> None:
        self._feed.append(one_line(text))
        self._title = f"{day.name}: {len(day.lines)} lines, version {day.version}"

    def sample(self, sample: Sample) -> None:
        if sample.kind != "pushed":
            self._samples.append(sample)

    def standing(self, day: Day, flashes: list[Flash], score: Score) -> None:
        self._rows = [_row(day, flash) for flash in flashes]
        live, flash = score.of("live"), score.of("flash")
        self._foot = f"live: {live}\nflash: {flash}\n{score.share()}"

    def _draw(self) -> "RenderableType":
        from rich.console import Group
        from rich.panel import Panel
        from rich.table import Table
        from rich.text import Text

        flash = Table(box=None)
        for head, width in COLUMNS:
            flash.add_column(head, width=width, no_wrap=True)
        for row in self._rows:
            flash.add_row(*map(Text, row))
        columns = Table.grid(expand=True, padding=(0, 1))
        columns.add_column(width=26, no_wrap=True)
        columns.add_column(no_wrap=True, overflow="ellipsis")
        feed = Text("\n".join(self._feed))
        asked = Text("\n".join(f"{_verdict(one)} {one.kind}" for one in self._samples))
        columns.add_row(feed, asked)
        return Group(
            Panel(columns, title=self._title, height=SHOWN + 2),
            Panel(flash, title="flash: answered before it is asked", height=6),
            Text(self._foot),
        )


def _verdict(sample: Sample) -> str:
    mark = "✓" if sample.right else f"✗ ({sample.truth})"
    time = f" {sample.ms:.1f} ms" if sample.ms else ""
    return f"{one_line(sample.question)} {one_line(sample.answer)} {mark}{time}"


def _row(day: Day, flash: Flash) -> tuple[str, ...]:
    truth = day.truth(flash.question, flash.version or 0) or "-"
    if flash.answer is None:
        return flash.question, "-", "-", "", "-"
    mark = "" if truth == "-" else "✓" if flash.answer.strip() == truth else "✗"
    age = "fresh" if flash.fresh else "older"
    return flash.question, one_line(flash.answer), truth, mark, f"{flash.version} {age}"


def plain_or_screen() -> "Plain | Screen":
    """What suits stdout."""
    from sticli.render import colourful

    return Screen() if colourful(sys.stdout) else Plain()
