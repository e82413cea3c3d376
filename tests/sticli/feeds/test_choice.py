"""The options of a feed: what does not fit together is refused, what fits can be read again."""

from typing import Any

import pytest

from sticli.errors import SticliError
from sticli.feeds.choice import Choice, fields, sample


@pytest.mark.parametrize(
    "options",
    [
        {"format": "xml"},
        {"fields": ("a",)},
        {"template": "{a}"},
        {"strict": True},
        {"header": False},
        {"format": "jsonl", "delimiter": ";"},
        {"format": "jsonl", "fields": ("a",), "template": "{a}"},
        {"format": "csv", "delimiter": '"'},
        {"format": "csv", "delimiter": "ab"},
        {"format": "csv", "delimiter": "é"},
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(options: dict[str, Any]) -> None:
    with pytest.raises(SticliError) as refused:
        Choice(**options)
    assert refused.value.hint


def test_the_words_say_all_of_it() -> None:
    assert Choice().words() == []
    every = Choice(
        "csv", ("a", "b c"), None, False, "\t", True, ("x y",), ("z",), True, 10, "%H:%M"
    )
    assert " ".join(every.words()) == (
        "--format csv --fields 'a,b c' --grep 'x y' --exclude z --no-header --delimiter '\t'"
        " --strict --dedupe --sample 1/10 --timestamp=%H:%M"
    )


def test_fields_and_samples() -> None:
    assert fields("a, b.c") == ("a", "b.c")
    assert (sample(None), sample("1/10")) == (1, 10)
    for text in ("10", "2/10", "1/0", "1/x", "/"):
        with pytest.raises(SticliError, match="--sample"):
            sample(text)
    with pytest.raises(SticliError, match="a name is empty"):
        fields("a,,b")
