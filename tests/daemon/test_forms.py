"""Which forms an answer may have."""

import pytest

from sticli.daemon.forms import check_form
from sticli.errors import SticliError
from sticli.form import Form


def nested(depth: int) -> dict[str, object]:
    schema: dict[str, object] = {}
    for _ in range(depth - 1):
        schema = {"items": schema}
    return schema


GOOD = [
    Form(choices=["yes", "no"]),
    Form(choices=[f"choice {n} – é 日本" for n in range(64)]),
    Form(number=True),
    Form(schema={}),
    Form(schema={"type": "object", "properties": {"a": {"enum": ["x", 1, None]}}}),
    Form(schema=nested(32)),
    Form(schema={"properties": {"not": {"const": {"allOf": 1}}}}),  # a name, a value
    Form(schema={"maximum": 2**64 - 1, "minimum": -(2**63)}),
]

BAD = [
    (Form(), "exactly one"),
    (Form(choices=["a", "b"], number=True), "exactly one"),
    (Form(number=True, schema={}), "exactly one"),
    (Form(choices=[]), "0 choices"),
    (Form(choices=["a"]), "1 choices"),
    (Form(choices=[str(n) for n in range(65)]), "65 choices"),
    (Form(choices=["a", " "]), "not one line"),
    (Form(choices=["a", "b\nc"]), "not one line"),
    (Form(choices=["a", "\x1b[1m"]), "not one line"),
    (Form(choices=["a", "b", " a"]), "the same"),
    (Form(choices=["a", "é" * 600]), "longer than 1024 bytes"),
    (Form(schema=nested(33)), "32 deep"),
    (Form(schema=nested(400)), "32 deep"),
    (Form(schema={"description": "x" * (64 << 10)}), "allowed are 8192"),
    (Form(schema={"properties": {"a": {"items": [{"not": {}}]}}}), "says 'not'"),
    (Form(schema={"maximum": 2**64}), "64 bits"),  # the wire to the worker has none
    (Form(schema={"enum": [{"a": -(2**70)}]}), "64 bits"),
]


@pytest.mark.parametrize("form", GOOD)
def test_forms_that_a_program_can_read_are_taken(form: Form) -> None:
    check_form(form)


@pytest.mark.parametrize(("form", "says"), BAD)
def test_others_are_refused_with_the_reason(form: Form, says: str) -> None:
    with pytest.raises(SticliError, match=says) as caught:
        check_form(form)
    assert caught.value.code in ("bad_request", "too_large")
    assert "\n" not in caught.value.message
