"""The simulated access log: its truths, recomputed from its printed lines alone."""

import re

import pytest

from sticli.demo.world.access import Access

COMMON = re.compile(r'\S+ - - \[(.*?)\] "[A-Z]+ (\S+) HTTP/1.1" (\d+) \d+')


@pytest.mark.parametrize("held_out", [False, True])
def test_truths_follow_from_the_common_format(held_out: bool) -> None:
    checked = 0
    for seed in range(40):
        feed = Access(seed, held_out=held_out)
        found = [COMMON.fullmatch(feed.line()) for _ in range(30)]
        told = [line.groups() for line in found if line]
        if not told:
            continue
        checked += 1
        assert len(told) == 30
        failed = [path for _, path, status in told if status[0] == "5"]
        assert feed.truth("which path failed last?") == (failed[-1] if failed else "none")
        assert feed.truth("how many requests failed?") == str(len(failed))
        assert feed.truth("which path was the last?") == told[-1][1]
        for path in [*feed.paths, "/qqqq"]:
            own = [(time, status) for time, other, status in told if other == path]
            time, status = own[-1] if own else ("none", "none")
            assert feed.truth(f"last status of {path}?") == status
            assert feed.truth(f"when did {path} last get a request?") == time
            assert feed.truth(f"how many requests for {path}?") == str(len(own))
            assert feed.truth(f"did {path} get a request?") == ("yes" if own else "no")
    assert checked > 5


def test_questions_carry_the_truth_of_the_moment() -> None:
    for seed in range(10):
        feed = Access(seed)
        for _ in range(20):
            feed.line()
            asked = feed.ask()
            assert asked.truth == feed.truth(asked.text)


def test_another_feeds_question_is_refused() -> None:
    with pytest.raises(ValueError, match="can answer"):
        Access(1).truth("last price of ACME?")
