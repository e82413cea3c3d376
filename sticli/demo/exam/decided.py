"""Answers as the daemon's decisions see them: a few choices, and the lead of the first token."""

from sticli.calibration.curve import Sample
from sticli.demo.exam.record import Answered
from sticli.demo.world.lexicon import KEPT_STATE_SETS, STATE_SETS

YES_NO = frozenset(("is_up", "above", "seen", "is_state", "has_failed"))
TREND = ("up", "down", "flat")


def choices(kind: str, truth: str) -> tuple[str, ...]:
    """What a question of this kind would let the model choose from; empty if it is open."""
    if kind in YES_NO:
        return ("yes", "no")
    if kind == "trend":
        return TREND
    if kind == "service_state":
        return next((known for known in (*STATE_SETS, *KEPT_STATE_SETS) if truth in known), ())
    return ()


def sample(asked: Answered) -> Sample | None:
    """What a decision would have been; None of an open question.

    As in the daemon, the first token has to begin exactly one of the choices.
    """
    known = choices(asked.kind, asked.truth)
    if not known:
        return None
    begun = asked.first.lstrip()
    found = [one for one in known if begun and one.startswith(begun)]
    return Sample(asked.lead, found[0] if len(found) == 1 else None, asked.truth)
