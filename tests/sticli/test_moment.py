"""Moments as people write them."""

import os
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.errors import SticliError
from sticli.moment import moment
from sticli.protocol import At

NOON = datetime(2026, 5, 4, 12, 0, 0)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place whose clocks are changed twice a year."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("-5m", "2026-05-04T11:55:00"),
        ("-0", "2026-05-04T12:00:00"),
        ("-1.5h", "2026-05-04T10:30:00"),
        ("10:05:00", "2026-05-04T10:05:00"),
        ("10:05", "2026-05-04T10:05:00"),
        ("9:05:01.25", "2026-05-04T09:05:01.250"),
        ("12:00:00", "2026-05-04T12:00:00"),
        ("12:00:01", "2026-05-03T12:00:01"),
        ("23:59", "2026-05-03T23:59:00"),
        ("2026-05-04T10:05:00", "2026-05-04T10:05:00"),
        ("2026-05-04 10:05", "2026-05-04T10:05:00"),
        ("2026-05-04", "2026-05-04T00:00:00"),
        ("2026-05-04T10:05:00+00:00", "2026-05-04T12:05:00+02:00"),
    ],
)
def test_times_are_local_and_past(text: str, then: str) -> None:
    now = NOON.timestamp() + (600 if "+" in text else 0)
    assert moment(text, now) == At(time=datetime.fromisoformat(then).timestamp())


def test_a_number_is_a_version() -> None:
    assert moment(" 1234 ") == At(version=1234)


def test_a_day_of_another_length_is_no_accident() -> None:
    sunday = datetime(2026, 3, 29, 1, 30).timestamp()  # an hour later it is half past three
    assert moment("3:10", sunday) == At(time=datetime(2026, 3, 28, 3, 10).timestamp())
    october = datetime(2026, 10, 25, 12, 0).timestamp()
    assert moment("12:30", october) == At(time=datetime(2026, 10, 24, 12, 30).timestamp())


@pytest.mark.parametrize(
    "text",
    ["", "-", "soon", "24:00", "10:60", "10:05:61", "5m", "-5 minutes", "1.5", "2026-13-01",
     "²", "2026-W01x", "1" * 19, "10:05:00 AM", "--5m"],
)  # fmt: skip
def test_nonsense_is_said(text: str) -> None:
    with pytest.raises(SticliError) as caught:
        moment(text)
    assert (caught.value.code, caught.value.exit_code) == ("bad_request", 2)
    assert "-5m" in caught.value.hint


def test_the_future_is_refused() -> None:
    with pytest.raises(SticliError, match="future"):
        moment("2026-05-04T12:00:01", NOON.timestamp())


@given(st.floats(0, 4e9), st.integers(0, 86399))
def test_a_time_of_day_is_its_latest_one(now: float, second: int) -> None:
    hour, minute, second = second // 3600, second // 60 % 60, second % 60
    found = moment(f"{hour}:{minute:02}:{second:02}", now).time
    assert found is not None
    assert found <= now
    assert now - found <= 50 * 3600


@given(st.text())
def test_any_text_is_a_moment_or_an_error(text: str) -> None:
    try:
        found = moment(text, NOON.timestamp())
    except SticliError:
        return
    assert (found.version is None) != (found.time is None)
