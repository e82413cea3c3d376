"""What the bench gives to other engines is what a session of sticli computes, token by token."""

import time
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli import protocol
from sticli.bench import home, prompt
from sticli.bench.prompt import Context, Prompter
from sticli.client import Client
from sticli.daemon.engines.base import Plan, Row
from sticli.daemon.worker.template import frame, split
from sticli.demo.world.market import Market
from sticli.models.find import embedded_model
from tests.daemon.worker.link import Link, ask, lines, opened
from tests.fakes import FakeEngine, FakeVocabulary

LIMIT = 320  # cells; a line of more than half of what is left of them is not read
TEXTS = st.lists(st.text(st.sampled_from("aé€\t"), max_size=60) | st.just("x" * 200), max_size=40)
MOST = 12


def fake() -> Prompter:
    vocabulary = FakeVocabulary()
    return Prompter(vocabulary, frame(split(vocabulary), None, vocabulary))


def oracle(prompter: Prompter, tokens: Sequence[int]) -> str:
    """The answer to a whole prompt; the fake engine's depends on each token and its place."""
    engine, found = FakeEngine(), list[int]()
    seq = engine.open(len(tokens) + MOST)
    at, row = 0, list(tokens)
    while len(found) < MOST and not prompter.ends(found):
        (scores,) = engine.run(Plan((Row(seq, row, at, "last"),))).scores
        assert scores is not None
        token = scores.pick(0).token
        if prompter.vocabulary.ends(token):
            break
        found.append(token)
        at, row = at + len(row), [token]
    return prompter.text(found)


@settings(deadline=None, max_examples=15)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_context_is_what_a_session_holds_also_past_its_window(batches: list[list[str]]) -> None:
    prompter, link = fake(), Link()
    context = Context(prompter, LIMIT)
    link.rest(opened(limit=LIMIT, on_full="rebase"))
    for number, texts in enumerate(batches, 1):
        if texts:
            link.rest(lines(texts, context.lines))
        context.add(texts)
        link.rest(ask(number, question="what now?", version=context.lines, most=MOST))
        done = link.done(number)
        whole = [*context.tokens(), *context.tail("what now?")]
        assert done.cached_tokens + done.new_tokens == len(whole)
        assert done.text == oracle(prompter, whole)


def asked(client: Client, question: str, lines: int, wanted: int) -> protocol.Answer:
    """The answer about so many lines, once it is from the prompt that the bench would give."""
    request = protocol.Ask(question, 1, live=True)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:  # a window that moves is built beside the one that answers
        answer = client.ask("s", request)
        if (answer.lines, answer.cached_tokens + answer.new_tokens) == (lines, wanted):
            return answer
        time.sleep(0.01)
    raise AssertionError(f"{lines} lines, {wanted} tokens: never; last {answer}")


def test_a_daemon_counts_what_the_bench_counts_past_the_window_of_a_real_model() -> None:
    market, question = Market(1), "which symbol traded last?"
    with (
        home.daemon(None, response_cache="0") as client,
        prompt.prompter(embedded_model()) as prompter,
    ):
        client.new(protocol.NewSession("s", limit=LIMIT))
        context = Context(prompter, LIMIT)
        starts = set[int]()
        for _ in range(10):
            texts = [market.line() for _ in range(7)]
            client.append("s", protocol.Append(texts))
            context.add(texts)
            wanted = len(context.tokens()) + len(context.tail(question))
            starts.add(asked(client, question, context.lines, wanted).window_from)
    assert len(starts) >= 3
