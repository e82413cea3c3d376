"""Where options may stand, and those whose value may be left out."""

from sticli.words import hoist


def test_a_value_that_was_left_out_is_put_in() -> None:
    assert hoist(["append", "s", "--timestamp", "text"])[2].startswith("--timestamp=%")
    assert hoist(["append", "s", "--timestamp=%H"]) == ["append", "s", "--timestamp=%H"]
    assert hoist(["ask", "s", "--timestamp"]) == ["ask", "s", "--timestamp"]
    assert hoist(["append", "s", "--", "--timestamp"])[-1] == "--timestamp"
