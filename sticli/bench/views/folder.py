"""The folder that a report goes to: as JSON, as a page, and as plots beside it."""

import importlib.util
import tempfile
from pathlib import Path

from sticli.bench import report
from sticli.bench.views import markdown
from sticli.errors import refused

MISSING = "matplotlib is not installed, so there are no plots: pip install 'sticli[bench]'"


def make(text: str) -> Path:
    """The folder, made if it is not there; files can be written in it.

    Raises:
        SticliError: that is refused.
    """
    path = Path(text).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise refused(error, path) from None
    return path


def lacks() -> str:
    """What will be missing in it, in one line; empty if nothing."""
    return "" if importlib.util.find_spec("matplotlib") else MISSING


def keep(found: report.Report, folder: Path) -> None:
    """Write what was measured, before anything is drawn of it.

    Raises:
        SticliError: that is refused.
    """
    report.write(found, folder / report.FILE)


def fill(found: report.Report, folder: Path) -> None:
    """Write all of it.

    Raises:
        SticliError: that is refused.
    """
    keep(found, folder)
    try:
        plots = [] if lacks() else _plots(found, folder)
        (folder / "report.md").write_text(markdown.page(found, plots), "utf-8")
    except OSError as error:
        raise refused(error, folder) from None


def _plots(found: report.Report, folder: Path) -> list[tuple[str, str]]:
    """Title and file name of each plot, drawn as SVG and PNG."""
    from sticli.bench.views import plots

    return plots.draw(found, folder)
