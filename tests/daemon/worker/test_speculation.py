"""A whole worker with guesses and without: the same answers, whatever else goes on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.form import Form
from tests.daemon.worker.link import Link, ask, flash, lines, opened
from tests.daemon.worker.stepping import parrot
from tests.fakes import Clock, FakeEngine, Price

NAMES = ("a", "b", "c")
FORMS: list[Form | None] = [
    None,
    None,
    Form(choices=["yes", "no", "not now"]),
    Form(number=True),
    Form(schema={"type": "array", "items": {"enum": ["ab", "ba"]}, "maxItems": 3}),
]
TEXTS = st.lists(st.text("ab ", min_size=1, max_size=8), min_size=1, max_size=6)
ASKS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["why?", "ab", "Answer: ab"]),
    st.integers(1, 30),
    st.sampled_from(FORMS),
)


LONG = "Answer:abcdefghijklmnopqrstuvwxyz0123456789"


def working(below: int, seed: int, often: float = 0.9) -> Link:
    """A worker whose model often repeats what it read, and for whom passes cost time."""
    clock = Clock()
    engine = parrot(FakeEngine(seed=seed, clock=clock, price=Price(0.01, 0.001)), often)
    return Link(engine, clock=clock, settings=Settings(speculate_below=below))


@settings(max_examples=40)
@given(TEXTS, st.lists(ASKS, min_size=1, max_size=5), st.integers(0, 1 << 32), st.integers(1, 9))
def test_answers_do_not_depend_on_guesses(
    texts: list[str], asks: list[tuple[str, str, int, Form | None]], seed: int, below: int
) -> None:
    links = [working(0, seed), working(below, seed)]
    for link in links:
        for name in NAMES:
            link.rest(opened(name, limit=1024, uid=name), lines(texts, session=name))
            link.inbox.append(flash("f", "ab?", name))
        for id, (name, question, most, form) in enumerate(asks, 1):
            link.inbox.append(messages.Ask(id, name, question, most, 0, form))
            link.beat()
        link.rest()
    plain, quick = links
    for id in range(1, len(asks) + 1):
        one, other = plain.done(id), quick.done(id)
        assert other.text == one.text
        for name in ("finish_reason", "completion_tokens", "confidence", "cached_tokens"):
            assert getattr(other, name) == getattr(one, name), name
        assert one.drafted == 0
    texts_of = [sorted((e.session, e.text) for e in k.of(messages.Evaluated)) for k in links]
    assert texts_of[0] == texts_of[1]
    assert quick.engine.used == plain.engine.used
    assert quick.engine.reserved == plain.engine.reserved == 1024 * len(NAMES)


def test_a_text_that_repeats_itself_takes_few_passes() -> None:
    plain, quick = working(0, 1, 1.0), working(4, 1, 1.0)
    for link in (plain, quick):
        link.rest(opened(), lines([LONG] * 2))
        link.engine.plans.clear()
        link.rest(ask(1, most=60))
    assert quick.done(1).text == plain.done(1).text
    assert quick.done(1).accepted > 20
    assert len(quick.engine.plans) < len(plain.engine.plans) / 2
    counters = quick.of(messages.Usage)[-1].counters
    assert counters["accepted"] == quick.done(1).accepted
    assert counters["drafted"] == quick.done(1).drafted
    ledger = quick.loop._desk.sessions["s"].ledger
    assert (ledger.drafted, ledger.accepted) == (counters["drafted"], counters["accepted"])


def test_guesses_stop_where_many_decode() -> None:
    link = working(2, 1, 1.0)
    link.rest(opened(limit=4096), lines([LONG] * 2))
    link.rest(*[ask(id, most=20) for id in range(1, 6)])
    busy = [plan for plan in link.engine.plans if len(plan.rows) >= 2]
    assert busy
    assert all(row.wants != "all" for plan in busy for row in plan.rows)
