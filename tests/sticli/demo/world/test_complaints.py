"""The questions about services, answered anew from everything that was told."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.demo.world.complaints import Complaints
from sticli.demo.world.logs import SHARES
from sticli.demo.world.question import Asked

NAMES, STATES, ERRORS = ("a", "b", "c", "d"), ("up", "down"), ("timeout", "disk full")
TOLD = st.lists(st.tuples(st.sampled_from(NAMES[:3]), st.sampled_from(STATES + ERRORS)))


def wanted(told: list[tuple[str, str]], asked: Asked) -> str:
    """The answer from the plain list."""
    about = [(at, *one) for at, one in enumerate(told) if asked.name in ("", one[0])]
    errors = [one for one in about if one[2] in ERRORS]
    states = [state for _, _, state in about if state in STATES]
    if asked.kind.startswith("count"):
        return str(len(errors))
    if asked.kind in ("is_state", "has_failed"):
        right = states[-1] == asked.value if asked.kind == "is_state" else bool(errors)
        return "yes" if right else "no"
    if asked.kind == "service_state":
        return states[-1] if states else "none"
    at, name, message = errors[-1] if errors else ("none", "none", "none")
    return {"error_time": f"{at}", "error_service": name}.get(asked.kind, message)


@settings(max_examples=60)
@given(TOLD, st.sampled_from([*SHARES]))
def test_answers_follow_from_what_was_told(told: list[tuple[str, str]], kind: str) -> None:
    board = Complaints(random.Random(1), NAMES, STATES)
    for at, (name, text) in enumerate(told):
        if text in STATES:
            board.state(name, text)
        else:
            board.error(name, str(at), text)
    for _ in range(5):
        if asked := board.suggest(kind):
            assert board.answer(asked) == wanted(told, asked)
