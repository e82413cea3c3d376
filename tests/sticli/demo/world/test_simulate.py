"""Any feed: it repeats with its seed, its answers are in its lines, noise tells nothing."""

import hashlib
import random
import re

import pytest

from sticli.demo.world.noise import Noisy
from sticli.demo.world.question import Question, recognise
from sticli.demo.world.sensors import Sensors
from sticli.demo.world.simulate import Feed, make_feed

COPIED = frozenset({
    "last_value", "value_time", "last_size", "last_side", "last_status",
})  # fmt: skip


def played(feed: Feed, lines: int) -> list[tuple[str, Question]]:
    return [(feed.line(), feed.ask()) for _ in range(lines)]


def made(seed: int, held_out: bool) -> Feed:
    return make_feed(random.Random(seed), held_out=held_out)


@pytest.mark.parametrize("held_out", [False, True])
def test_questions_carry_the_truth_and_answers_are_one_line(held_out: bool) -> None:
    kinds = set[str]()
    for seed in range(100):
        feed = made(seed, held_out)
        for _ in range(12):
            line, asked = feed.line(), feed.ask()
            assert line
            assert "\n" not in line + asked.text + asked.truth
            assert feed.truth(asked.text) == asked.truth == asked.truth.strip() != ""
            assert asked.kind.startswith("unknown_") == (asked.truth == "none")
            kinds.add(asked.kind)
    assert len(kinds) > 35


def tells(line: str, name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w/-]|\.\w)", line) is not None


@pytest.mark.parametrize("held_out", [False, True])
def test_copied_answers_stand_in_the_last_line_of_their_name(held_out: bool) -> None:
    checked = 0
    for seed in range(100):
        feed, lines = made(seed, held_out), list[str]()
        for line, asked in played(feed, 25):
            lines.append(line)
            if asked.kind in COPIED:
                name = recognise(asked.text, (asked.kind,)).name
                last = next(one for one in reversed(lines) if tells(one, name))
                assert asked.truth in last, (asked, lines)
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_unknown_was_never_named(held_out: bool) -> None:
    for seed in range(60):
        feed, lines = made(seed, held_out), list[str]()
        for line, asked in played(feed, 25):
            lines.append(line)
            kind = asked.kind.removeprefix("unknown_")
            if asked.truth == "none" and kind in COPIED:
                name = recognise(asked.text, (kind,)).name
                assert not [one for one in lines if tells(one, name)]


def test_evaluation_asks_what_the_card_asked() -> None:
    """Whoever changes these feeds has to evaluate the published model again."""
    told = hashlib.sha256()
    for seed in range(40):
        for line, asked in played(made(seed, True), 15):
            told.update(f"{line} {asked.text} {asked.truth}".encode())
    assert told.hexdigest().startswith("7705b413ed54b10f")


def test_a_seed_is_a_feed() -> None:
    for seed in range(20):
        assert played(made(seed, False), 10) == played(made(seed, False), 10)


def test_noise_changes_no_answer() -> None:
    plain, noisy = (Sensors(5) for _ in range(2))
    feed = Noisy(noisy, random.Random(1), 0.3, held_out=True)
    told = [plain.line() for _ in range(60)]
    heard = list[str]()
    while len([line for line in heard if line in told]) < 60:
        heard.append(feed.line())
    assert len(heard) > 70
    for name in plain.sensors:
        text = f"last value of {name}?"
        assert feed.truth(text) == plain.truth(text)
        assert not [line for line in heard if line not in told and name in line]


def test_a_tenth_has_no_answer() -> None:
    asked = [one for seed in range(200) for _, one in played(made(seed, False), 15)]
    share = sum(one.truth == "none" for one in asked) / len(asked)
    assert 0.06 < share < 0.2
