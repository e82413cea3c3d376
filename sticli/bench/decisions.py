"""What is prepared ahead, as ratios measured in one run: `python -m sticli.bench.decisions`.

A real daemon in a temporary home: an answer read off a prepared decision, and one decoded from
its prepared fork, beside the same question decoded live; and asks of sessions that have to come
back to the device first.
"""

import argparse
import os
import platform
from collections.abc import Iterator

from sticli import protocol
from sticli.bench.home import daemon
from sticli.bench.ratios import QUESTION, Figure, fill, median, quantile, settled, timed
from sticli.bench.tenants import fresh, until
from sticli.client import Client
from sticli.demo.feed import Feed, feed
from sticli.form import Form

SETTLE = 30.0  # logits: no lead is so large, so that decisions stay open
TOKENS = 600  # of the sessions that come and go


def decided(client: Client, rounds: int) -> Iterator[Figure]:
    """First tokens of a decision: read off, decoded from its fork, decoded whole; alternating."""
    made = feed(1, rounds * 2, rounds)
    form = Form(choices=list(made.choices))
    client.new(protocol.NewSession("log"))
    read, decoded, whole = list[float](), list[float](), list[float]()
    for n in range(rounds):
        client.append("log", protocol.Append(made.lines[2 * n : 2 * n + 2]))
        settled(client, "log")
        whole.append(_ask(client, made, form, "live", live=True))
        if _decide(client, made, form, gap=0.0) == "ready":
            read.append(_ask(client, made, form, "ready"))
        _decide(client, made, form, gap=SETTLE)
        decoded.append(_ask(client, made, form, "live"))
    live = median(whole)
    yield Figure("live decode, first token", _ms(whole), "", f"{rounds} asks with choices")
    yield _over("read off a prepared decision", read, live, f"{len(read)} of {rounds} are sure")
    yield _over("decoded from its prepared fork", decoded, live, "where its lead is too small")


def _decide(client: Client, made: Feed, form: Form, gap: float) -> str:
    """Register the decision and wait for it; `ready`, or `below` where it is open."""
    request = protocol.NewFlash(made.question, id="state", debounce_ms=0, form=form, gap=gap)
    if any(one.id == "state" for one in client.flashes("log")):
        client.remove_flash("log", "state")
    client.add_flash("log", request)
    until(lambda: client.flash("log", "state").lead is not None or fresh(client, "log"))
    return "ready" if client.flash("log", "state").fresh else "below"


def _ask(client: Client, made: Feed, form: Form, source: str, *, live: bool = False) -> float:
    """Seconds until the first token, as the client sees it."""
    request = protocol.Ask(made.question, max_tokens=8, form=form, live=live)
    begun: list[protocol.Answer] = []
    seconds = timed(lambda: begun.append(client.ask("log", request)))
    answer = begun[0]
    assert answer.source == source, answer
    return seconds - (answer.total_ms - answer.ttft_ms) / 1e3


def returning(client: Client, rounds: int, place: str) -> Iterator[Figure]:
    """Asks of two sessions in turn on cells for one, over asks of the one that is there."""
    for name, seed in (("one", 1), ("two", 2)):
        fill(client, name, TOKENS, seed=seed)
    request = protocol.Ask(QUESTION, max_tokens=1, live=True)

    def ask(name: str) -> float:
        return timed(lambda: client.ask(name, request))

    away, here = list[float](), list[float]()
    for n in range(rounds):
        name = ("one", "two")[n % 2]
        away.append(ask(name))
        here.append(ask(name))
    yield _over(f"ask of a session that comes from {place}", away, median(here), f"{TOKENS} cells")


def _ms(times: list[float]) -> str:
    return f"{median(times) * 1e3:.2f} / {quantile(times, 0.99) * 1e3:.2f} ms"


def _over(name: str, times: list[float], base: float, detail: str) -> Figure:
    if not times:
        return Figure(name, "never", "", detail)
    return Figure(name, f"{median(times) / base:.3f}", "", f"{_ms(times)} p50 / p99; {detail}")


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    with daemon(options.model, response_cache="0") as client:
        yield from decided(client, options.rounds)
    for place, host in (("host", "256"), ("disk", "0")):
        narrow = {"kv_budget_mb": options.budget, "host_budget_mb": host, "response_cache": "0"}
        with daemon(options.model, **narrow) as client:
            yield from returning(client, options.rounds, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="path of a GGUF file; none: the embedded model")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--budget", default="5", help="MiB that hold one session and not two")
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs")
    for figure in measure(options):
        print(f"{figure.name:48} {figure.value:>24}  {figure.detail}", flush=True)


if __name__ == "__main__":
    main()
