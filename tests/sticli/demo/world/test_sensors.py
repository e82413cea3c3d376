"""Simulated sensors: their truths, recomputed from their printed lines alone."""

import json

import pytest

from sticli.demo.world import coined, extra
from sticli.demo.world.lexicon import KEYS
from sticli.demo.world.names import is_held_out
from sticli.demo.world.sensors import Sensors

VALUES = {key for keys in KEYS["value"] for key in keys}


@pytest.mark.parametrize("held_out", [False, True])
def test_truths_follow_from_json_lines(held_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coined, "SHARE", 0.0)
    monkeypatch.setattr(extra, "SHARES", ())
    checked = 0
    for seed in range(100):
        feed = Sensors(seed, held_out=held_out)
        lines = [feed.line() for _ in range(25)]
        told = [
            json.loads(line, parse_float=str, parse_int=str) for line in lines if line[0] == "{"
        ]
        for name in feed.sensors if told else []:
            records = [one for one in told if name in one.values()]
            values = [text for one in records for key, text in one.items() if key in VALUES]
            assert len(values) == len(records)
            last, high = (
                feed.truth(f"last value of {name}?"),
                feed.truth(f"highest value of {name}?"),
            )
            assert last == (values[-1] if values else "none")
            assert high == (max(values, key=float) if values else "none")
            checked += len(values)
    assert checked > 100


def test_questions_carry_the_truth_of_the_moment() -> None:
    for seed in range(10):
        feed = Sensors(seed)
        for _ in range(20):
            feed.line()
            asked = feed.ask()
            assert asked.truth == feed.truth(asked.text)


def test_held_out_sensors_are_never_trained() -> None:
    for seed in range(50):
        assert all(map(is_held_out, Sensors(seed, held_out=True).sensors))
        assert not any(map(is_held_out, Sensors(seed).sensors))


def test_another_feeds_question_is_refused() -> None:
    with pytest.raises(ValueError, match="can answer"):
        Sensors(1).truth("which symbol moved most?")
