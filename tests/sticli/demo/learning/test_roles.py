"""The role of each token: all that belongs to a field has it, on whichever feed."""

import random

import pytest

from sticli.demo.learning import vocabulary
from sticli.demo.learning.roles import ROLES, roles
from sticli.demo.world.access import Access
from sticli.demo.world.dialect import Span
from sticli.demo.world.logs import Logs
from sticli.demo.world.market import Market
from sticli.demo.world.noise import Noisy
from sticli.demo.world.question import recognise
from sticli.demo.world.sensors import Sensors
from sticli.demo.world.simulate import make_feed


def told(line: str, spans: list[Span]) -> dict[str, str]:
    """The text of each role, token by token."""
    ids, found = vocabulary.line_ids(line), dict[str, str]()
    parts = roles(line, ids, spans)
    assert len(parts) == len(ids)
    for index, part in zip(ids, parts, strict=True):
        found[ROLES[part]] = found.get(ROLES[part], "") + vocabulary.decode([index])
    return found


def test_tokens_have_the_role_of_the_field_they_end_in() -> None:
    line = "10:02:11 ACME 131.25 200 x"
    spans = [
        Span("time", 0, 8), Span("symbol", 9, 13), Span("close", 14, 20), Span("volume", 21, 24),
        Span("extra", 25, 26),
    ]  # fmt: skip
    assert told(line, spans) == {
        "time": "10:02:11", "name": "ACME", "value": "131.25", "size": "200",
        "other": "    x\n",
    }  # fmt: skip


@pytest.mark.parametrize("held_out", [False, True])
def test_the_value_of_a_line_is_the_last_value_of_its_name(held_out: bool) -> None:
    for seed in range(60):
        for feed in (
            Market(seed, held_out=held_out, varied=True), Sensors(seed, held_out=held_out),
        ):  # fmt: skip
            for _ in range(4):
                found = told(feed.line(), feed.spans)
                if "name" in found:
                    name, value = found["name"].strip(), found["value"].strip()
                    assert value == feed.truth(f"last value of {name}?")


@pytest.mark.parametrize("held_out", [False, True])
def test_states_errors_and_statuses_are_those_that_answers_name(held_out: bool) -> None:
    errors = 0
    for seed in range(60):
        log, requests = Logs(seed, held_out=held_out, varied=True), Access(seed, held_out=held_out)
        for _ in range(6):
            found = told(log.line(), log.spans)
            name = found.get("name", "").strip()
            if "state" in found:
                assert found["state"].strip() == log.truth(f"state of {name}?")
            if "error" in found:
                errors += 1
                assert (found["error"].strip(), name) == (
                    log.truth("last error?"), log.truth("which service failed last?"),
                )  # fmt: skip
            found = told(requests.line(), requests.spans)
            if "name" in found:
                asked = f"last status of {found['name'].strip()}?"
                assert found["value"].strip() == requests.truth(asked)
                assert recognise(asked).kind == "last_status"
    assert errors > 50


def test_noise_is_of_no_role() -> None:
    feed = Noisy(Market(1), random.Random(1), 0.99, held_out=False)
    assert not any(feed.spans for _ in range(20) if feed.line().startswith(("#", "-", "*")))


def test_drawing_spans_costs_no_chance() -> None:
    one, other = (make_feed(random.Random(3), held_out=False) for _ in range(2))
    lines = list[str]()
    for _ in range(20):
        lines.append(one.line())
        getattr(one, "spans", None)
    assert lines == [other.line() for _ in range(20)]
