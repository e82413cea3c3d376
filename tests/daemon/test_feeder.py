"""How a journal is cut into messages, how much of it may be under way, and what is dropped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sticli.daemon import feeder
from sticli.daemon.disk.records import Batch, Drop, SessionRecord
from sticli.daemon.events import Bus
from sticli.daemon.feeder import Feeder, messages, weigh
from sticli.daemon.messages import Lines, Settled
from sticli.daemon.pressure import recall, relieve
from sticli.daemon.reading import marker
from sticli.daemon.sessions import Session
from sticli.daemon.store import Store
from sticli.protocol import OnBusy
from tests.daemon.conftest import until

lengths = st.lists(st.lists(st.integers(0, 40_000), min_size=1, max_size=12), max_size=12)


@given(lengths, st.data())
def test_messages_hold_every_line_once_and_no_version_too_early(
    batches: list[list[int]], data: Any
) -> None:
    journal: list[Batch] = []
    for version, sizes in enumerate(batches, 1):
        first = journal[-1].end if journal else 0
        journal.append(Batch(first, version, 0.0, ["x" * size for size in sizes]))
    total = journal[-1].end if journal else 0
    start = data.draw(st.integers(0, total))
    ends = {batch.version: batch.end for batch in journal}
    place = start
    for message in messages("s", [one for one in journal if one.end > start], start):
        assert message.first == place
        assert weigh(message.texts) <= feeder.MESSAGE + 40_001
        place += len(message.texts)
        assert ends.get(message.version, 0) <= place  # its version is complete
        assert ends.get(message.version + 1, total + 1) > place  # and the newest that is
    assert place == total


@contextlib.asynccontextmanager
async def feeding(session: Session, store: Store, worker: "Worker") -> AsyncIterator[None]:
    """A feeder at work."""
    one = Feeder(session, 0, store, worker, Bus(store))  # type: ignore[arg-type]
    task = asyncio.create_task(one.run())
    try:
        yield
    finally:
        assert not task.done(), task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Worker:
    """Takes lines and settles them when told to."""

    def __init__(self) -> None:
        self.taken: list[Lines] = []

    def send(self, message: Lines) -> bool:
        self.taken.append(message)
        return True

    async def drain(self) -> None: ...

    def lines(self) -> list[str | None]:
        return [text for message in self.taken for text in message.texts]

    def settle(self, session: Session) -> None:
        """Settle all that came."""
        if self.taken:
            last, tokens = self.taken[-1], weigh(self.lines()) // 2
            session.settle(Settled("s", last.first + len(last.texts), last.version, tokens, 0))

    async def all_of(self, session: Session) -> None:
        """Settle what comes, until nothing is left."""
        while session.pending:
            await until(lambda: len(self.lines()) > session.settled_lines)
            self.settle(session)


async def test_live_lines_under_way_are_bounded_and_all_come_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    record = SessionRecord("u", "s", None, None, 1.0, 1.0)
    await store.create(record)
    session, worker = Session(record), Worker()
    session.become("live")
    sent = [f"{n} " + "x" * 10_000 for n in range(400)]  # about four windows
    async with feeding(session, store, worker):
        for n in range(0, 400, 4):
            session.accepted(await store.append("u", "", 0, sent[n : n + 4]))
        await until(lambda: weigh(worker.lines()) >= feeder.WINDOW)
        await asyncio.sleep(0.05)
        assert weigh(worker.lines()) <= feeder.WINDOW + feeder.MESSAGE + 40_000
        await worker.all_of(session)
    assert worker.lines() == sent
    assert session.settled == 100
    await store.close()


async def test_of_the_past_so_much_is_under_way_and_all_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "PAST", 3 * feeder.WINDOW)
    store = Store(tmp_path / "s.db", "normal")
    await store.create(SessionRecord("u", "s", None, None, 1.0, 1.0))
    sent = [f"{n} " + "x" * 10_000 for n in range(1000)]  # about ten windows
    for n in range(0, 1000, 4):
        await store.append("u", "", 0, sent[n : n + 4])
    session, worker = await load(store), Worker()
    session.become("live")
    async with feeding(session, store, worker):
        await until(lambda: weigh(worker.lines()) >= feeder.PAST)
        await asyncio.sleep(0.05)
        assert weigh(worker.lines()) <= feeder.PAST + feeder.MESSAGE + 40_000
        await worker.all_of(session)
    assert worker.lines() == sent
    await store.close()


LIMIT = 400  # tokens pending, about 800 characters, of which 200 may be under way
scripts = st.lists(
    st.one_of(
        st.lists(st.integers(0, 120), min_size=1, max_size=8),  # a batch of lines of these lengths
        st.sampled_from(["settle", "settle", "idle", "worker dies", "front dies"]),
    ),
    max_size=25,
)


@pytest.mark.parametrize("on_busy", OnBusy)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts)
async def test_what_is_read_is_the_journal_with_markers_and_never_changes(
    tmp_path_factory: pytest.TempPathFactory,
    on_busy: OnBusy,
    script: list[list[int] | str],
) -> None:
    store = Store(tmp_path_factory.mktemp("x") / "s.db", "normal")
    await store.create(SessionRecord("u", "s", None, None, 1.0, 1.0))
    journal: list[str] = []
    known: list[str | None] = []  # what any worker was given
    steps, death = list(script), ""
    session = await load(store)
    while steps:
        worker = Worker()
        session.become("live")
        async with feeding(session, store, worker):
            death = await live(session, store, worker, journal, steps, on_busy)
        assert known[: len(worker.lines())] == worker.lines()[: len(known)]
        known = max(known, worker.lines(), key=len)
        session.become("waiting")
        session = await load(store) if death == "front dies" else session
    found = await replay(store)
    runs, dropped = await store.drops("u", 0)
    assert found[: len(known)] == known
    assert found == expected(journal, runs)
    assert dropped == sum(run.count for run in runs)
    assert on_busy is OnBusy.DROP_OLDEST or found == journal
    await store.close()


async def load(store: Store) -> Session:
    await store.keep_drops("u", [])  # what was written before is there
    (record,) = await store.sessions()
    session = Session(record)
    await recall(session, store)
    return session


async def replay(store: Store) -> list[str | None]:
    """What a worker gets from a front that comes up now."""
    session, worker = await load(store), Worker()
    session.become("live")
    async with feeding(session, store, worker):
        await worker.all_of(session)
    assert session.settled == session.version
    return worker.lines()


async def live(
    session: Session,
    store: Store,
    worker: Worker,
    journal: list[str],
    steps: list[list[int] | str],
    on_busy: OnBusy,
) -> str:
    """Take steps until somebody dies; each is taken off the list."""
    while steps:
        step = steps.pop(0)
        if isinstance(step, list):
            texts = [f"{len(journal) + n} " + "x" * size for n, size in enumerate(step)]
            journal += texts
            session.accepted(await store.append("u", "", 0, texts))
            if on_busy is OnBusy.DROP_OLDEST:
                relieve(session, LIMIT, store)
        elif step == "settle":
            worker.settle(session)
        elif step == "idle":
            await asyncio.sleep(0.001)
        else:
            return step
    return ""


def expected(journal: list[str], runs: list[Drop]) -> list[str | None]:
    found: list[str | None] = list(journal)
    for run in runs:
        found[run.first : run.end] = [marker(run)] + [None] * (run.count - 1)
    return found
