"""How far the model is loaded: a bar on stderr, for who sits at a terminal."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from sticli.protocol import Loading
from sticli.render import colourful

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """Stands from the first `show` to the end of the block; nowhere but on a terminal."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and colourful(sys.stderr)
        self._drawn: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> "Bar":
        return self

    def show(self, loading: Loading) -> None:
        """Draw how far it is."""
        if not self._wanted:
            return
        progress, task = self._drawn = self._drawn or _begin()
        what = f"sticli: {loading.what}"
        progress.update(task, description=what, completed=loading.done, total=loading.total)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn:
            self._drawn[0].stop()


def _begin() -> "tuple[Progress, TaskID]":
    from rich import progress  # too slow to load for nothing
    from rich.console import Console

    drawn = progress.Progress(console=Console(file=sys.stderr), transient=True)
    drawn.start()
    return drawn, drawn.add_task("")
