"""The simulated feeds: they write themselves, and know the right answer to any question."""
