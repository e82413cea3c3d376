"""Whether a server's prefix cache is on: a long prompt that nobody has sent before, sent twice."""

import secrets
from statistics import median

from sticli.bench.adapters.base import Adapter, Reply
from sticli.bench.adapters.room import Room
from sticli.bench.schedule import Question
from sticli.errors import SticliError

TRIALS = 4  # the first one warms the server up and does not count
LONG = 1000  # tokens, or
FILLED = 0.6  # of a session, so that its window does not move
ENOUGH = 0.5  # of a prompt: what is computed the second time, or how long it takes, at most
QUESTION = Question(0.0, "probe", "Which line was the last?", 1)


def proof(adapter: Adapter, room: Room) -> str:
    """What was found out, for the report.

    Raises:
        SticliError: the cache is off; or it cannot be told.
    """
    pairs = [_twice(adapter, room) for _ in range(TRIALS)][1:]
    computed = [second.computed for _, second in pairs]
    prompt = pairs[0][1].prompt
    if None not in computed:
        again = median(count for count in computed if count is not None)
        found = f"{again:,.0f} of {prompt:,} tokens are computed when a prompt comes again"
        share = again / prompt
    else:
        share = median(_seconds(second) / _seconds(first) for first, second in pairs)
        found = f"a prompt of {prompt:,} tokens that comes again takes {share:.2f} of its time"
    if share <= ENOUGH:
        return f"on: {found}"
    raise SticliError(
        "bad_request",
        f"{adapter.name} seems to have no prefix cache: {found}",
        "turn it on (`sticli bench peers` says how), or say cache=unchecked",
    )


def _twice(adapter: Adapter, room: Room) -> tuple[Reply, Reply]:
    """The same new prompt, answered twice."""
    adapter.open("probe")
    try:
        missing = min(LONG, int(FILLED * room.limit))
        while missing > 0:
            line = secrets.token_hex(16)
            adapter.append("probe", [line])
            missing -= len(room.prompter.line(line))
        return adapter.ask("probe", QUESTION), adapter.ask("probe", QUESTION)
    finally:
        adapter.drop("probe")


def _seconds(reply: Reply) -> float:
    return reply.first - reply.asked
