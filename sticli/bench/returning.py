"""What it costs to ask a session that made room for another: its cells come back first."""

from collections.abc import Iterator

from sticli import protocol
from sticli.bench import filling
from sticli.bench.commandline import timed
from sticli.bench.estimate import ratio
from sticli.bench.feeds import LAST_SYMBOL
from sticli.bench.home import daemon
from sticli.bench.report import Figure
from sticli.bench.stage import Advance, Stage
from sticli.client import Client

NAME = "tenants"
PLACES = {"host RAM": "2048", "disk": "0"}  # and the MiB of host memory that lead there
PROBE = 64  # MiB of a daemon that tells how many cells these are
ROOMY = 1.5  # sessions on the device at once: one, and not two


def figures(stage: Stage, tokens: int, rounds: int, advance: Advance) -> Iterator[Figure]:
    """Asks of two sessions in turn on cells for one, over asks of the one that is there.

    Raises:
        SticliError: a daemon does not start, or an ask fails.
    """
    limit = filling.cells(stage, tokens)
    model = str(stage.model.path)
    with daemon(model, kv_budget_mb=str(PROBE)) as client:
        each = PROBE / client.status().cells
    narrow = str(max(1, round(ROOMY * limit * each)))
    for place, host in PLACES.items():
        settings = {"kv_budget_mb": narrow, "host_budget_mb": host, "response_cache": "0"}
        with daemon(model, **settings) as client:
            yield _returning(stage, client, place, limit, tokens, rounds)
        advance(f"sessions on {place}")


def _returning(
    stage: Stage, client: Client, place: str, limit: int, tokens: int, rounds: int
) -> Figure:
    names = ("one", "two")
    for seed, name in enumerate(names):
        client.new(protocol.NewSession(name, limit=limit))
        version = client.append(
            name, protocol.Append(filling.market(stage, seed).take(tokens))
        ).version
        _ask(client, name, version)
    away, here = list[float](), list[float]()
    for turn in range(rounds):
        name = names[turn % 2]
        if client.session(name).place == "device":
            continue  # it was never moved: both have room
        away.append(_ask(client, name))
        here.append(_ask(client, name))
    title = f"ask of a session that comes back from {place}, over one that is there"
    if not away:
        return Figure(NAME, title, None, detail="both sessions had room on the device")
    detail = f"{tokens:,} cells, {len(away)} asks"
    return filling.figure(NAME, title, ratio(away, here), detail)


def _ask(client: Client, name: str, version: int | None = None) -> float:
    """Seconds until the first token, as the client sees them."""
    request = protocol.Ask(LAST_SYMBOL, max_tokens=1, live=True, min_version=version)
    return timed(lambda: client.ask(name, request))
