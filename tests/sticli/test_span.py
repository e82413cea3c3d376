"""Spans of time."""

import pytest

from sticli.errors import SticliError
from sticli.span import seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("200ms", 0.2), ("5s", 5.0), ("1.5", 1.5), (".5m", 30.0), ("1h", 3600.0), ("0", 0.0)],
)
def test_spans(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "s", "5 s", "-1s", "nan", "1e3", "5d", "1.2.3s"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(SticliError) as caught:
        seconds(text)
    assert caught.value.exit_code == 2
