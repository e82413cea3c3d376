"""The simulated log: its truths, recomputed from its printed lines alone."""

import json

import pytest

from sticli.demo.world import coined, extra
from sticli.demo.world.lexicon import (
    KEPT_LEVELS,
    KEPT_STATE_SETS,
    KEYS,
    LEVELS,
    SPELLED_LEVELS,
    STATE_SETS,
    STATES,
)
from sticli.demo.world.logs import Logs
from sticli.demo.world.names import is_held_out


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


FAILED = {error for _, _, error in LEVELS + SPELLED_LEVELS + KEPT_LEVELS}


def test_words_for_errors_are_all_trained_and_for_nothing_else() -> None:
    trained, kept = LEVELS + SPELLED_LEVELS, KEPT_LEVELS
    infos, warns, errors = ({*words} for words in zip(*trained, strict=True))
    assert not infos & warns | warns & errors | infos & errors
    assert {error for _, _, error in kept} <= errors
    assert not {word for info, warn, _ in kept for word in (info, warn)} & (infos | warns | errors)


def test_a_made_up_level_is_no_error() -> None:
    levels = [Logs(seed, varied=True)._shape.levels for seed in range(300)]
    listed = {word for words in LEVELS + SPELLED_LEVELS for word in words}
    assert {error for _, _, error in levels} == FAILED & listed
    assert not {word for info, warn, _ in levels for word in (info, warn)} & FAILED
    assert len({info for info, _, _ in levels} - listed) > 50


def records(logs: Logs, lines: int) -> list[dict[str, str]]:
    """What JSON lines say, keys as roles; empty for a log of another form."""
    told = [logs.line() for _ in range(lines)]
    if told[0][0] != "{":
        return []
    roles = {
        key: role for role in ("level", "message", "state") for keys in KEYS[role] for key in keys
    }
    found = [json.loads(line, parse_int=str) for line in told]
    return [{roles.get(key, key): text for key, text in one.items()} for one in found]


@pytest.mark.parametrize("held_out", [False, True])
def test_truths_follow_from_json_lines(held_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coined, "SHARE", 0.0)
    monkeypatch.setattr(extra, "SHARES", ())
    checked = 0
    known = {state for states in STATE_SETS + KEPT_STATE_SETS for state in states}
    for seed in range(80):
        logs = Logs(seed, held_out=held_out, varied=True)
        told = records(logs, 30)
        errors = [one for one in told if one.get("level") in FAILED]
        if told:
            assert logs.truth("how many errors?") == str(len(errors))
            assert logs.truth("last error?") == (errors[-1]["message"] if errors else "none")
        for name in logs.services if told else []:
            own = [one for one in told if name in one.values()]
            states = [one["state"] for one in own if "state" in one]
            assert {*states} <= known or not held_out  # training makes words up as well
            assert logs.truth(f"state of {name}?") == (states[-1] if states else "none")
            failed = any(one in errors for one in own)
            assert logs.truth(f"has {name} failed?") == ("yes" if failed else "no")
            checked += len(own)
    assert checked > 100


def test_questions_carry_the_truth_of_the_moment() -> None:
    for varied in (False, True):
        logs = Logs(5, varied=varied)
        for _ in range(30):
            logs.line()
            for asked in [logs.ask(), *logs.questions()]:
                assert asked.truth == logs.truth(asked.text)


def test_times_only_move_forward() -> None:
    for seed in range(10):
        logs = Logs(seed)
        times = [logs.line()[:8] for _ in range(20)]
        assert times == sorted(times) or "23:" in "".join(times)


@pytest.mark.parametrize("varied", [False, True])
def test_held_out_services_are_never_trained(varied: bool) -> None:
    for seed in range(30):
        assert all(map(is_held_out, Logs(seed, held_out=True, varied=varied).services))
        assert not any(map(is_held_out, Logs(seed, varied=varied).services))


def test_a_market_question_is_refused() -> None:
    with pytest.raises(ValueError, match="log"):
        Logs(1).truth("which symbol traded last?")
