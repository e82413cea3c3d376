"""One finding of the doctor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What was looked at and found; `advice` says what to do where there is something to do."""

    name: str
    ok: bool
    found: str
    advice: str = ""

    @property
    def result(self) -> str:
        """A word for people: ok, note (it works, but look) or PROBLEM."""
        if not self.ok:
            return "PROBLEM"
        return "note" if self.advice else "ok"


def judged(name: str, ok: bool, found: str, advice: str) -> Check:
    """A finding whose advice only a problem needs."""
    return Check(name, ok, found, "" if ok else advice)
