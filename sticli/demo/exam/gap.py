"""The gap that a model's decisions are to have unless another is asked for, by its answers:
`python -m sticli.demo.exam.gap answers.jsonl`, which are to be about other feeds than the card's.
"""

import argparse
from pathlib import Path

from sticli.demo.exam import record
from sticli.demo.exam.curve import widest
from sticli.demo.exam.record import Record
from sticli.errors import SticliError

COVERAGE = 0.97  # of decisions that are to need no decoding


def gap(found: Record) -> float:
    """The largest that covers so many of the decisions on held-out feeds.

    Raises:
        SticliError: bad_request: the feeds are the card's, or no gap covers as many.
    """
    if not found.source.first:
        raise SticliError(
            "bad_request", "these are the feeds of the card", "evaluate feeds of other numbers"
        )
    wide = widest([one for one in found.played if one.held_out], COVERAGE)
    if wide is None:
        raise SticliError(
            "bad_request",
            f"no gap covers {COVERAGE:.0%} of the decisions",
            "leave the model without one",
        )
    return wide


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", type=Path, help="of `... evaluate --first 1000`")
    print(gap(record.read(parser.parse_args().answers)))


if __name__ == "__main__":
    main()
