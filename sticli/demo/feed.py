"""A simulated service log beside the truth about one service, for `sticli calibrate`."""

from dataclasses import dataclass

from sticli.demo.world.lexicon import STATES
from sticli.demo.world.logs import Logs
from sticli.demo.world.question import NONE

FAR = 2**49  # seeds from here on are none that training or the card drew


@dataclass(frozen=True, slots=True)
class Feed:
    """A log, a question about it whose answer is one of `choices`, and when which was right."""

    lines: list[str]
    question: str
    choices: tuple[str, ...]
    truth: list[tuple[int, str]]  # (lines so far, the state after them)


def feed(seed: int, lines: int, points: int) -> Feed:
    """A log of names that training never showed; `points` moments, evenly spread.

    Moments before the service is first heard of are left out, for no choice is right there.
    """
    logs = Logs(FAR + seed, held_out=True)
    question = f"state of {logs.services[0]}?"
    chosen = {round(lines * (n + 1) / points) for n in range(points)}
    written, truth = list[str](), list[tuple[int, str]]()
    for number in range(1, lines + 1):
        written.append(logs.line())
        state = logs.truth(question)
        if number in chosen and state != NONE:
            truth.append((number, state))
    return Feed(written, question, STATES, truth)
