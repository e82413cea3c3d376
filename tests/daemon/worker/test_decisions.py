"""Decisions on the embedded model: what is read off is what it would write, and how soon."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.choose import open_engine
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker.ready import read
from sticli.demo.feed import Feed, feed
from sticli.form import Form
from tests.daemon.worker.link import Link, lines, opened

FEEDS, LINES, POINTS = 3, 48, 6
GAP, NEVER = 2.0, 1000.0  # logits


class Moving:
    """The real clock, moved on where the worker would sleep."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.perf_counter() + self.skipped

    def advance(self, seconds: float) -> None:
        self.skipped += seconds


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    settings = Settings(threads=1, kv_budget_mb=64)
    engine, vocabulary, _ = open_engine(settings, tmp_path)
    yield Link(engine, vocabulary, clock=Moving(), settings=settings)  # type: ignore[arg-type]
    engine.close()


def test_what_is_read_off_is_what_the_model_writes(
    link: Link, record_property: Callable[[str, object], None]
) -> None:
    certain = 0
    live_s, prepared_s, scan_s = list[float](), list[float](), list[float]()
    for seed in range(FEEDS):
        log = feed(seed, LINES, POINTS)
        form, name, known = Form(list(log.choices)), f"s{seed}", 0
        link.rest(
            opened(name, uid=name),
            messages.AddFlash(name, "sure", log.question, 8, 0, form, GAP),
            messages.AddFlash(name, "never", log.question, 8, 0, form, NEVER),
        )
        for at, _ in log.truth:
            link.rest(lines(log.lines[known:at], known, name))
            known = at
            found = {item.id: item for item in link.of(messages.Evaluated) if item.version == at}
            live, prepared = asked(link, name, log, at, ""), asked(link, name, log, at, "never")
            assert live.text == prepared.text
            assert live.text in log.choices
            assert (prepared.new_tokens, live.new_tokens) == (0, found["never"].new_tokens)
            assert found["never"].source == "below"
            if found["sure"].source == "ready":
                assert found["sure"].text == live.text
                certain += 1
                scan_s.append(scan(link, form))
            live_s.append(live.first_token_s)
            prepared_s.append(prepared.first_token_s)
    assert certain
    record_property(
        "decisions",
        f"{certain} of {len(live_s)} read off, all as decoded; time to the first token over a "
        f"live decode: prepared {median(prepared_s) / median(live_s):.3f}, "
        f"read off {median(scan_s) / median(live_s):.4f}",
    )


def asked(link: Link, name: str, log: Feed, at: int, decision: str) -> messages.Done:
    """The answer to the feed's question about its first lines, from a prepared fork or not."""
    id, form = len(link.of(messages.Done)), Form(list(log.choices))
    link.rest(messages.Ask(id, name, log.question, 8, at, form, decision=decision))
    return link.done(id)


def scan(link: Link, form: Form) -> float:
    """Seconds of reading one decision off its scores."""
    guide = link.loop._desk.questions._guides.start(form, one_line=True)
    logits = np.linspace(0, 1, link.vocabulary.size, dtype=np.float32)
    scores = HostScores(logits[None])
    began = time.perf_counter()
    read(scores, guide, form.choices or [], GAP, link.vocabulary)
    return time.perf_counter() - began
