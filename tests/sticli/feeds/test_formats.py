"""Lines with fields as text: pairs or a template; what has no fields is kept, and counted."""

import pytest

from sticli.errors import SticliError
from sticli.feeds.choice import Choice
from sticli.feeds.formats import dig
from sticli.feeds.pipeline import Pipeline
from sticli.protocol import MAX_LINE

JSON = '{"time": 12, "msg": "disk full", "k8s": {"pod": "a", "n": [1, {"x": true}]}, "none": null}'


def run(choice: Choice, *lines: str) -> tuple[list[str], int]:
    """What becomes of lines, and how many of them were malformed."""
    pipeline = Pipeline(choice)
    return pipeline(list(lines)), pipeline.counts.malformed


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (
            Choice("jsonl"),
            'time=12 msg="disk full" k8s="{\\"pod\\":\\"a\\",\\"n\\":[1,{\\"x\\":true}]}" none=',
        ),
        (Choice("jsonl", ("msg", "k8s.pod", "no.such")), 'msg="disk full" k8s.pod=a no.such='),
        (Choice("jsonl", template="{time} [{k8s.n.1.x}] {msg}{{}}"), "12 [true] disk full{}"),
    ],
)
def test_json(choice: Choice, written: str) -> None:
    assert run(choice, JSON) == ([written], 0)


@pytest.mark.parametrize("line", ["nope", "[1]", "3", '{"a": "\\ud800"}', "[" * 5000])
def test_what_is_no_object_is_kept_as_it_is(line: str) -> None:
    assert run(Choice("jsonl"), line) == ([line], 1)
    with pytest.raises(SticliError, match="line 2 is no JSON"):
        run(Choice("jsonl", strict=True), "{}", line)


def test_blank_lines_say_nothing() -> None:
    assert run(Choice("jsonl", ("a",), strict=True), "", '{"a": 1}', " ", "") == (["a=1"], 0)
    csv = ("", "a,b", "", "1,2", "", "3,4")
    assert run(Choice("csv", strict=True), *csv) == (["a=1 b=2", "a=3 b=4"], 0)
    assert run(Choice("csv", delimiter="\t"), "a\tb", "\t") == (["a= b="], 0)


def test_a_name_with_a_line_break_makes_no_second_line() -> None:
    assert run(Choice("jsonl"), '{"a\\nb": 1, "c\\r": "x\\ny"}') == (['a b=1 c ="x\\ny"'], 0)
    assert run(Choice("csv"), '"a\nb",c', "1,2") == (["a b=1 c=2"], 0)


@pytest.mark.parametrize("depth", range(700, 1020, 8))
def test_what_is_nested_too_deep_to_be_written_is_kept_as_it_is(depth: int) -> None:
    line = '{"a":' + "[" * depth + "]" * depth + "}"
    (written,), malformed = run(Choice("jsonl"), line)
    assert (written, malformed) in ((line, 1), (f"a={line[5:-1]}", 0))


def test_a_key_may_hold_dots() -> None:
    assert dig({"a.b": 1, "a": {"b": 2, "c.d": 3}}, "a.b") == 1
    assert dig({"a": {"c.d": 3}}, "a.c.d") == 3
    assert dig({"a": [1, 2]}, "a.2") is None
    assert dig("text", "a") is None


def test_csv_with_a_header() -> None:
    lines = ("\ufefftime,price,note", '1,2.5,"a, ""b"""', "2,3", '3,4,"two\nlines"')
    assert run(Choice("csv"), *lines) == (
        ['time=1 price=2.5 note="a, \\"b\\""', "2,3", 'time=3 price=4 note="two\\nlines"'],
        1,
    )
    assert run(Choice("csv", ("price", "gone")), *lines)[0][0] == "price=2.5 gone="
    filled = run(Choice("csv", template="{note}: {price}"), *lines)[0]
    assert filled == ['a, "b": 2.5', "2,3", "two lines: 4"]


def test_csv_without_a_header_or_with_another_delimiter() -> None:
    assert run(Choice("csv", header=False), "1,2", "3") == (["1=1 2=2", "3"], 1)
    named = Choice("csv", ("a", "b"), header=False, delimiter="\t")
    assert run(named, "1\t2") == (["a=1 b=2"], 0)
    assert run(Choice("csv", ("a", "b"), "{b}", header=False), "1,2") == (["2"], 0)


def test_a_strict_csv_names_the_line_and_its_columns() -> None:
    with pytest.raises(SticliError, match="line 3 has 1 columns instead of 2: 'oops'"):
        run(Choice("csv", strict=True), "a,b", "1,2", "oops")


def test_a_header_that_no_position_could_hold_is_refused() -> None:
    with pytest.raises(SticliError, match="1000 columns"):
        run(Choice("csv"), ",".join(f"column{n}" for n in range(1000)))
    with pytest.raises(SticliError, match="1500 columns"):
        run(Choice("csv", header=False), "," * 1499)


def test_what_has_grown_too_long_is_cut() -> None:
    lines, _ = run(Choice("jsonl", template="{a}{a}"), '{"a": "' + "x" * 40_000 + '"}')
    assert all(len(line) <= MAX_LINE for line in lines)
    assert "".join(lines).count("x") == 80_000


@pytest.mark.parametrize(
    "template", ["", "no field", "{", "{}", "{a!r}", "{a:>5}", "{a}\n{b}", "{a}}"]
)
def test_what_is_no_template_is_refused(template: str) -> None:
    with pytest.raises(SticliError) as refused:
        Pipeline(Choice("jsonl", template=template))
    assert "--template '{time} {level} {msg}'" in refused.value.hint
