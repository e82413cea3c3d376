"""Bars and small curves out of characters, for panes and plain text alike."""

from collections.abc import Sequence

from sticli.watch.symbols import symbols


def bar(share: float, width: int) -> str:
    """A bar of that many characters; whatever there is of it shows, and only all of it fills it."""
    marks = symbols()
    share = min(max(share, 0.0), 1.0)
    filled = min(max(round(share * width), share > 0), width - (share < 1))
    return marks.filled * filled + marks.empty * (width - filled)


def curve(shares: Sequence[float], width: int) -> str:
    """The newest of them as heights, the newest last; 0 to 1."""
    steps, newest = symbols().steps, shares[max(0, len(shares) - width) :]
    top = len(steps) - 1
    return "".join(steps[round(min(max(share, 0.0), 1.0) * top)] for share in newest)
