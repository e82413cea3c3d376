"""Scores that insist on their contract: of no use once the engine has run again."""

from collections.abc import Callable

from sticli.daemon.engines.base import Allowed, Logits, Pick
from sticli.daemon.engines.scores import HostScores


class Fleeting:
    """Scores over logits of shape [wanted, vocabulary], until `gone` says that they are."""

    def __init__(self, logits: Logits, gone: Callable[[], bool]) -> None:
        self._scores = HostScores(logits)
        self._gone = gone

    def __len__(self) -> int:
        return len(self._scores)

    def _good(self) -> HostScores:
        assert not self._gone(), "the engine has run again"
        return self._scores

    def pick(self, index: int, allowed: Allowed | None = None) -> Pick:
        return self._good().pick(index, allowed)

    def read(self) -> Logits:
        return self._good().read()

    def kept(self) -> HostScores:
        return self._good().kept()
