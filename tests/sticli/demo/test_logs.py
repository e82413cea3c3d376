"""The simulated log: its truths, recomputed from its printed lines alone."""

import pytest

from sticli.demo.logs import STATES, Logs


def state(lines: list[str], name: str) -> str:
    records = [line.split() for line in lines]
    states = [words[2] for words in records if words[1] == name and words[2] in STATES]
    return states[-1] if states else "none"


def last_error(lines: list[str]) -> tuple[str, str]:
    errors = [line.split() for line in lines if " ERROR " in line]
    return (errors[-1][1], errors[-1][3]) if errors else ("none", "none")


@pytest.mark.parametrize("held_out", [False, True])
def test_truths_follow_from_the_lines(held_out: bool) -> None:
    for seed in range(20):
        logs, lines = Logs(seed, held_out=held_out), list[str]()
        for _ in range(40):
            lines.append(logs.line())
            told = logs.truth("which service failed last?"), logs.truth("last error?")
            assert told == last_error(lines)
            for name in [*logs.services, "zzzz"]:
                assert logs.truth(f"state of {name}?") == state(lines, name)


def test_questions_carry_the_truth_of_the_moment() -> None:
    logs = Logs(5)
    for _ in range(30):
        logs.line()
        for asked in [logs.ask(), *logs.questions()]:
            assert asked.truth == logs.truth(asked.text)


def test_times_only_move_forward() -> None:
    for seed in range(10):
        logs = Logs(seed)
        times = [logs.line()[:8] for _ in range(20)]
        assert times == sorted(times) or "23:" in "".join(times)


def test_a_market_question_is_refused() -> None:
    with pytest.raises(ValueError, match="log"):
        Logs(1).truth("which symbol traded last?")
