"""Where answers are copied from: found in the feed's lines by the words of the question."""

import pytest

from sticli.demo.learning import vocabulary
from sticli.demo.learning.sources import LED, MOST, Line, places
from sticli.demo.world.access import Access
from sticli.demo.world.logs import Logs
from sticli.demo.world.market import Market
from sticli.demo.world.noise import Noisy
from sticli.demo.world.question import Feed, Question

TICKS = ["1 ACME 13.5", "2 ACMEX 99.9", "3 ACME 14.5", "4 ACME 13.5", "5 FOO 14.5"]
REQUESTS = ["1 /a 200", "2 /a 503", "3 /b 504", "4 /a 200", "5 /a/b 500"]


def lined(texts: list[str]) -> list[Line]:
    lines, start = list[Line](), 1
    for text in texts:
        lines.append(Line(text, vocabulary.line_ids(text), start))
        start += len(lines[-1].ids)
    return lines


def found(feed: Feed, texts: list[str], kind: str, text: str, truth: str) -> set[int]:
    """The numbers of the lines that the answer may be copied from; each of its tokens is there."""
    lines, answer = lined(texts), vocabulary.encode(truth)
    told = places(feed, lines, Question(kind, text, truth), answer)
    assert len(told) in (0, len(answer))
    ids = {line.start + at: (index, line) for line in lines for at, index in enumerate(line.ids)}
    numbers = list[set[int]]()
    for step, options in enumerate(told):
        spelled = {vocabulary.decode([ids[at][0]]).strip() for at in options}
        if step or kind not in LED:
            assert spelled == {vocabulary.decode([answer[step]]).strip()}
        numbers.append({lines.index(ids[at][1]) + 1 for at in options})
    assert all(one == numbers[0] for one in numbers)
    return numbers[0] if numbers else set()


@pytest.mark.parametrize(
    ("kind", "text", "truth", "lines"),
    [
        ("last_value", "last price of ACME?", "13.5", {4}),
        ("last_value", "last price of FOO?", "14.5", {5}),
        ("first_value", "first price of ACME?", "13.5", {1}),
        ("low", "lowest price of ACME?", "13.5", {1, 4}),
        ("high", "highest price of ACME?", "14.5", {3}),
        ("low_k", "how low was ACME over the last 2 trades?", "13.5", {4}),
        ("last_name", "which symbol traded last?", "FOO", {5}),
        ("value_time", "when did ACME last trade?", "4", {4}),
        ("count", "how many trades of ACME?", "3", set()),
        ("last_value", "last price of BAR?", "none", set()),
    ],
)
def test_numbers(kind: str, text: str, truth: str, lines: set[int]) -> None:
    assert found(Market(1), TICKS, kind, text, truth) == lines


def test_what_stands_before_what_tells_of_it_is_found_through_that() -> None:
    asked = Question("last_failed", "which path failed last?", "/b")
    lines = lined(REQUESTS)
    first, *later = places(Access(1), lines, asked, vocabulary.encode("/b"))
    start, text = lines[2].start, [vocabulary.decode([index]) for index in lines[2].ids]
    assert [text[at - start].strip() for at in first] == ["/", "5", "0", "4"]
    assert [[text[at - start] for at in places] for places in later] == [["b"]]
    asked = Question("value_time", "when did /a last trade?", "4")
    assert len(places(Access(1), lines, asked, vocabulary.encode("4"))[0]) == 3


def test_what_stands_after_it_is_not_looked_for() -> None:
    lines, asked = (
        lined(["ACME 1.5 10:00:09"]),
        Question("value_time", "when did ACME last trade?", "10:00:09"),
    )
    first, *_ = places(Market(1), lines, asked, vocabulary.encode("10:00:09"))
    assert len(first) == 1


def test_the_value_before_the_last_is_found_through_the_last_as_far_as_they_begin_alike() -> None:
    market = Market(2)
    while True:
        texts = [market.line() for _ in range(12)]
        name = market.symbols[0]
        text = f"previous price of {name}?"
        truth, last = market.truth(text), market.truth(f"last price of {name}?")
        own = [at for at, line in enumerate(texts) if f" {name} " in line]
        if len(own) > 1 and truth[:2] == last[:2] and truth[2] != last[2]:
            break
    lines, answer = lined(texts), vocabulary.encode(truth)
    told = places(market, lines, Question("previous_value", text, truth), answer)
    starts = [lines[at].places(value, vocabulary.encode(value))[-1]
              for at, value in zip(own[-2:], (truth, last), strict=True)]  # fmt: skip
    assert told == [
        [at + step for at in starts[: 2 if step < 3 else 1]] for step in range(len(answer))
    ]


def test_errors_and_states() -> None:
    logs = Logs(3)
    texts = [logs.line() for _ in range(60)]
    error, service = logs.truth("last error?"), logs.truth("which service failed last?")
    last = max(at for at, line in enumerate(texts, 1) if "ERROR" in line)
    assert found(logs, texts, "last_error", "last error?", error) == {last}
    assert found(logs, texts, "error_service", "which service failed last?", service) == {last}
    for name in logs.services:
        state = logs.truth(f"state of {name}?")
        told = [at for at, line in enumerate(texts, 1) if f" {name} {state}" in line]
        assert found(logs, texts, "service_state", f"state of {name}?", state) == {*told[-1:]}


def test_what_decides_is_what_was_told_last() -> None:
    market, logs = Market(2), Logs(3)
    ticks, texts = [market.line() for _ in range(30)], [logs.line() for _ in range(60)]
    for name in market.symbols:
        price = market.truth(f"last price of {name}?")
        text = f"is {name} up or down?"
        assert decided(market, ticks, "trend", text, market.truth(text)) == [price]
    for name in logs.services:
        state, error = logs.truth(f"state of {name}?"), logs.truth(f"last error of {name}?")
        text = f"is {name} busy?"
        told = decided(logs, texts, "is_state", text, logs.truth(text))
        assert told == [state] or state == "none"
        text = f"has {name} failed?"
        told = decided(logs, texts, "has_failed", text, logs.truth(text))
        assert told == ([error] if error != "none" else [])


def decided(feed: Feed, texts: list[str], kind: str, text: str, truth: str) -> list[str]:
    """What stands where the first token of an answer is told to look."""
    lines = lined(texts)
    told = places(feed, lines, Question(kind, text, truth), vocabulary.encode(truth))
    ids = [index for line in lines for index in line.ids]
    return [vocabulary.decode([ids[at - 1] for at in spots]).strip() for spots in told]


def test_a_failure_is_told_by_its_status_alone() -> None:
    texts = ["1 /a 503", "2 /a 200 1.500", "10:00:00.500 /a 200"]
    assert found(Access(1), texts, "last_failed", "which path failed last?", "/a") == {1}


def test_requests() -> None:
    access = Access(1)
    assert found(access, REQUESTS, "last_status", "last status of /a?", "200") == {4}
    assert found(access, REQUESTS, "last_failed", "which path failed last?", "/b") == {3}


def test_a_unit_may_be_glued_and_words_may_be_capped_by_marks() -> None:
    texts = ['{"s":"ACME","p":13.5}', "[ACME] 12.25mV", "ACME->12.25;"]
    assert found(Market(1), texts, "last_value", "last price of ACME?", "12.25") == {3}
    assert found(Market(1), texts[:2], "last_value", "last price of ACME?", "12.25") == {2}
    assert found(Market(1), texts[:1], "last_value", "last price of ACME?", "13.5") == {1}


NINES = [f"10:45:{at:02} boiler 3{at % 7}" for at in range(12)]
BARS = ["1 ACME 7.5 9.5 7.5 7.5 88", "2 ACME 7.5 8.5 7.5 8.5 9"]


@pytest.mark.parametrize(
    ("kind", "text", "truth", "texts"),
    [
        ("high", "highest price of boiler?", "45", ["10:45:01 boiler 45", *NINES]),
        ("last_value", "last price of ACME?", "8.5", BARS),
        ("first_value", "first price of ACME?", "7.5", BARS),
        ("last_value", "last price of ACME?", "71", ["#71 ACME 71"]),
        ("low", "lowest price of ACME?", "5.0", ["1 ACME 5.0", "2 ACME -5.0"]),
    ],
)
def test_the_same_digits_in_another_field_are_no_place(
    kind: str, text: str, truth: str, texts: list[str]
) -> None:
    question, answer = Question(kind, text, truth), vocabulary.encode(truth)
    told = places(Market(1), lined(texts), question, answer)
    ids = [index for line in lined(texts) for index in line.ids]
    begins = [len(vocabulary.decode(ids[: at - 1])) for at in told[0]]
    assert begins == [begin_of(texts, truth, kind)]


def begin_of(texts: list[str], truth: str, kind: str) -> int:
    """Where the right one stands: the last of its line, of first values the first."""
    number = {"last_value": len(texts) - 1}.get(kind, 0)
    line, before = texts[number], sum(len(text) + 1 for text in texts[:number])
    return before + (line.index(truth) if kind == "first_value" else line.rindex(truth))


def test_of_many_places_the_newest_are_known() -> None:
    texts = [f"{at} ACME 13.5" for at in range(1, 20)]
    lines = found(Market(1), texts, "high", "highest price of ACME?", "13.5")
    assert lines == {*range(20 - MOST, 20)}


def test_noise_changes_nothing_and_other_feeds_are_not_known() -> None:
    noisy = Noisy(Market(1), Market(1)._rng, 0.1, held_out=False)
    text = "last price of ACME?"
    assert found(noisy, TICKS, "last_value", text, "13.5") == {4}

    class Boilers:
        def line(self) -> str:
            return "boiler 71"

        def ask(self) -> Question:
            return Question("last_value", "how hot is it?", "71")

        def truth(self, text: str) -> str:
            return "71"

    assert not found(Boilers(), ["boiler 71"], "last_value", "how hot is it?", "71")
