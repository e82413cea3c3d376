"""Which answers of before serve again, and how many are kept."""

import msgspec

from sticli import protocol
from sticli.daemon.disk.records import SessionRecord
from sticli.daemon.messages import Done
from sticli.daemon.repeats import Repeats
from sticli.daemon.sessions import Session
from sticli.form import Form

ASK = protocol.Ask("what?")


def session(name: str, tenant: str = "") -> Session:
    return Session(SessionRecord(name, name, None, None, 1.0, 1.0, tenant=tenant))


def done(text: str, lines: int = 5) -> Done:
    return Done(1, text, 2, lines, 0, 1.5, 10, 3, 2, 0.1, 0.2, "stop")


def test_only_the_same_question_to_the_same_state_is_a_repeat() -> None:
    repeats, one = Repeats(8), session("a")
    repeats.keep(one, ASK, done("so"))
    found = repeats.find(one, ASK, 5)
    assert found
    assert found.text == "so"
    assert repeats.find(one, msgspec.structs.replace(ASK, stream=True), 5) == found
    assert repeats.find(one, ASK, 6) is None
    assert repeats.find(session("b"), ASK, 5) is None
    other: list[dict[str, object]] = [
        {"question": "who?"},
        {"max_tokens": 7},
        {"form": Form(number=True)},
        {"form": Form(choices=["a", "b"])},
    ]
    for change in other:
        assert repeats.find(one, msgspec.structs.replace(ASK, **change), 5) is None
    one.window_from = 3
    assert repeats.find(one, ASK, 5) is None


def test_a_tenant_has_so_many_and_loses_those_that_nobody_asks_for() -> None:
    repeats, one, other = Repeats(3), session("a"), session("b", "tenant")
    repeats.keep(other, ASK, done("kept"))
    for lines in range(3):
        repeats.keep(one, ASK, done(str(lines), lines))
    assert repeats.find(one, ASK, 0)  # used again, so the next oldest goes
    repeats.keep(one, ASK, done("new", 9))
    held = [lines for lines in (0, 1, 2, 9) if repeats.find(one, ASK, lines)]
    assert held == [0, 2, 9]
    assert repeats.find(other, ASK, 5)


def test_another_model_or_a_removal_forgets_and_0_keeps_none() -> None:
    repeats, one, other = Repeats(3), session("a"), session("b")
    repeats.use("m1")
    for each in (one, other):
        repeats.keep(each, ASK, done("so"))
    repeats.forget(one)
    assert repeats.find(one, ASK, 5) is None
    repeats.use("m1")
    assert repeats.find(other, ASK, 5)
    repeats.use("m2")
    assert repeats.find(other, ASK, 5) is None
    none = Repeats(0)
    none.keep(one, ASK, done("so"))
    assert none.find(one, ASK, 5) is None
