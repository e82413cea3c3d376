"""Typed answers: whatever is picked among the allowed tokens, the text has the form."""

import contextlib
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon.worker import grammar
from sticli.daemon.worker.guide import KEPT, Guide, Guides
from sticli.errors import SticliError
from sticli.form import Form
from tests.fakes import SIZE, FakeVocabulary

VOCABULARY = FakeVocabulary()
GUIDES = Guides(VOCABULARY)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 4},
        "sizes": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
        "state": {"enum": ["up", "down", None]},
    },
    "required": ["name", "sizes", "state"],
    "additionalProperties": False,
}
CHOICES = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=5).filter(
    lambda texts: all(text.strip() and "\n" not in text.strip() for text in texts)
)


def allowed(guide: Guide) -> set[int]:
    """The tokens that may come next."""
    inside = np.unpackbits(guide.allowed(), count=SIZE, bitorder="little")
    return {int(token) for token in np.flatnonzero(inside)}


def ends(token: int) -> bool:
    return VOCABULARY.ends(token) or token == ord("\n")


def walk(guide: Guide, picks: st.DataObject, most: int = 400) -> str | None:
    """Pick any allowed tokens until the answer ends; None if it never does."""
    text = b""
    seed = picks.draw(st.integers(0, 1 << 32))
    rng = np.random.default_rng(seed)
    for _ in range(most):
        if guide.ended:
            return text.decode()
        token = int(rng.choice(sorted(allowed(guide))))
        if VOCABULARY.ends(token) or (ends(token) and text.strip()):
            return text.decode()
        text += VOCABULARY.piece(token)
        guide.take(token)
    return None


@settings(max_examples=50)
@given(CHOICES, st.booleans(), st.data())
def test_any_walk_ends_in_a_choice(texts: list[str], one_line: bool, data: st.DataObject) -> None:
    guide = GUIDES.start(Form(choices=texts), one_line=one_line)
    found = walk(guide, data, most=guide.need)
    assert found is not None or guide.ended, "a choice is complete within its need"
    assert found is None or found.strip() in [text.strip() for text in texts]


@settings(max_examples=50)
@given(st.booleans(), st.data())
def test_any_walk_ends_in_a_number(one_line: bool, data: st.DataObject) -> None:
    guide = GUIDES.start(Form(number=True), one_line=one_line)
    found = walk(guide, data, most=guide.need)
    assert found is not None or guide.ended
    assert found is None or NUMBER.fullmatch(found.strip())


@settings(max_examples=50)
@given(st.data())
def test_any_walk_ends_in_what_the_schema_allows(data: st.DataObject) -> None:
    found = walk(GUIDES.start(Form(schema=SCHEMA), one_line=True), data)
    if found is not None:
        value = json.loads(found)
        assert list(value) == ["name", "sizes", "state"]
        assert len(value["name"]) <= 4
        assert all(isinstance(size, int) for size in value["sizes"])
        assert value["state"] in ("up", "down", None)


def spell(guide: Guide, text: bytes) -> bool:
    """Whether the guide lets this text, and an end after it."""
    for token in text:
        if token not in allowed(guide):
            return False
        guide.take(token)
    return guide.ended or any(VOCABULARY.ends(token) for token in allowed(guide))


@pytest.mark.parametrize("text", [b"0", b" -1", b"\n1234.50", b"0.001", b"999999999999999999"])
def test_numbers_that_fit(text: bytes) -> None:
    assert spell(GUIDES.start(Form(number=True), one_line=False), text)


@pytest.mark.parametrize("text", [b"", b"-", b"1.", b".5", b"007", b"1,000", b"1e9", b"   1"])
def test_numbers_that_do_not(text: bytes) -> None:
    assert not spell(GUIDES.start(Form(number=True), one_line=False), text)


@pytest.mark.parametrize("text", [b'{"a":[1,2]}', b'{"a": [1, 2]}', b' {"a": []}'])
def test_json_may_have_a_space_where_people_write_one(text: bytes) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "integer"}}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert spell(GUIDES.start(Form(schema=schema), one_line=False), text)


def test_a_newline_ends_an_answer_of_one_line_once_it_is_complete() -> None:
    for one_line in (True, False):
        guide = GUIDES.start(Form(choices=["no", "not sure"]), one_line=one_line)
        assert spell(guide, b"no")
        assert (ord("\n") in allowed(guide)) is one_line
        guide.take(ord("t"))
        assert allowed(guide) == {ord(" ")}


def test_control_tokens_are_never_text() -> None:
    guide = GUIDES.start(Form(schema={"type": "string"}), one_line=False)
    guide.take(ord('"'))
    assert max(allowed(guide)) < 256


def test_forced_text_is_proposed_and_only_what_is_allowed() -> None:
    guide = GUIDES.start(Form(choices=["yes", "no"]), one_line=False)
    assert guide.forced() == []
    guide.take(ord("y"))
    assert guide.forced() == [ord("e"), ord("s")]
    assert [guide.allows(list(text)) for text in (b"es", b"ex", b"no", b"")] == [2, 1, 0, 0]
    assert guide.forced() == [ord("e"), ord("s")], "looking changes nothing"


def test_a_token_that_is_not_allowed_is_refused_and_nothing_follows() -> None:
    guide = GUIDES.start(Form(choices=["yes"]), one_line=False)
    with pytest.raises(SticliError, match="form"):
        guide.take(ord("x"))
    with pytest.raises(SticliError, match="form"):
        guide.allowed()


def test_answers_do_not_share_their_state() -> None:
    form = Form(choices=["yes", "no"])
    first, second = GUIDES.start(form, one_line=False), GUIDES.start(form, one_line=False)
    first.take(ord("y"))
    assert allowed(second) >= {ord("y"), ord("n")}


DEEP: dict[str, object] = {"type": "integer"}
for _ in range(60):
    DEEP = {"type": "array", "items": DEEP, "minItems": 1}
BAD: dict[str, dict[str, object]] = {
    "unknown type": {"type": "foo"},
    "unknown keyword": {"not": {}},
    "elsewhere": {"$ref": "https://example.org/x.json"},
    "a file": {"$ref": "file:///etc/passwd"},
    "impossible": {"type": "integer", "minimum": 5, "maximum": 3},
    "intersections": {"allOf": [{"pattern": f"[a-z]{{{n}}}[0-9]"} for n in range(1, 60)]},
    "multiples": {"type": "array", "items": {"type": "integer", "multipleOf": 99991}},
    "long": {"enum": [f"value {n}" for n in range(4000)]},
}


@pytest.mark.parametrize("name", BAD)
def test_forms_that_cannot_be_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(SticliError) as caught:
        GUIDES.start(Form(schema=BAD[name]), one_line=False)
    assert caught.value.code == "bad_request"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("texts", [[], [""], ["a", " "], ["two\nlines"]])
def test_choices_that_cannot_be_are_refused(texts: list[str]) -> None:
    with pytest.raises(SticliError) as caught:
        GUIDES.start(Form(choices=texts), one_line=False)
    assert caught.value.code == "bad_request"


HARD: dict[str, dict[str, object]] = {
    "deep": DEEP,
    "itself": {
        "$defs": {"n": {"items": {"$ref": "#/$defs/n"}, "type": "array"}},
        "$ref": "#/$defs/n",
    },
    "many": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(300)}},
    "pattern": {"type": "string", "pattern": "^" + "(a?){90}" * 4 + "a{90}$"},
    "long text": {"type": "string", "minLength": 100_000, "maxLength": 1_000_000},
}


@pytest.mark.parametrize("name", HARD)
def test_hard_forms_are_served_or_refused(name: str) -> None:
    guide = GUIDES.start(Form(schema=HARD[name]), one_line=False)
    with contextlib.suppress(SticliError):  # too much work to tell
        for _ in range(20):
            guide.take(min(allowed(guide) - {ord(" "), ord("\n")}))


def test_a_form_is_compiled_once_and_few_are_kept() -> None:
    guides = Guides(VOCABULARY)
    for n in range(KEPT + 5):
        guides.start(Form(choices=["yes", str(n)]), one_line=False)
    kept = dict(guides._compiled)
    assert len(kept) == KEPT
    guides.start(Form(choices=["yes", str(KEPT)]), one_line=True)
    assert set(guides._compiled.values()) == set(kept.values())


def test_needs() -> None:
    assert grammar.need(Form(choices=["yes", "né"])) == grammar.SPACE + 3
    assert grammar.need(Form(schema={})) == 0


def test_names_and_values_are_no_keywords() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"not": {"const": {"allOf": 1}}},
        "required": ["not"],
        "additionalProperties": False,
    }
    assert spell(GUIDES.start(Form(schema=schema), one_line=False), b'{"not": {"allOf": 1}}')
