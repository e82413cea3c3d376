"""What standing questions have earned while lines never ceased, so that they never starve."""

SHARE = 1 / 8  # of the time of lines
PATIENCE = 1.0  # seconds of lines that they wait for idle time: on most feeds it comes


class Arrears:
    """Counts in seconds of the device; `due` says that a pass for them may go before lines."""

    def __init__(self, most: float) -> None:
        """At most `most` seconds are saved up: nobody's lines wait longer at a time."""
        self._most = most
        self._earned = 0.0
        self.forgive()

    @property
    def due(self) -> bool:
        return self._earned > 0

    def earn(self, seconds: float) -> None:
        """Lines took so long."""
        self._earned = min(self._earned + SHARE * seconds, self._most)

    def spend(self, seconds: float) -> None:
        """Standing questions did, whatever they displaced."""
        self._earned = max(self._earned - seconds, -SHARE * PATIENCE)

    def forgive(self) -> None:
        """None of them waits, or none can run."""
        self._earned = -SHARE * PATIENCE
