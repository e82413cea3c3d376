"""How a journal is cut into messages, and how much of it may be under way."""

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon import feeder
from sticli.daemon.feeder import Feeder, messages, weigh
from sticli.daemon.messages import Lines, Settled
from sticli.daemon.records import Batch, SessionRecord
from sticli.daemon.sessions import Session
from sticli.daemon.store import Store
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


class Worker:
    """Takes lines and settles them when told to."""

    def __init__(self) -> None:
        self.taken: list[Lines] = []

    def send(self, message: Lines) -> bool:
        self.taken.append(message)
        return True

    async def drain(self) -> None: ...

    def lines(self) -> list[str]:
        return [text for message in self.taken for text in message.texts]


async def test_live_lines_under_way_are_bounded_and_all_come_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    record = SessionRecord("u", "s", None, None, 1.0, 1.0)
    await store.create(record)
    session, worker = Session(record), Worker()
    session.become("live")
    task = asyncio.create_task(Feeder(session, 0, store, worker).run())  # type: ignore[arg-type]
    sent = [f"{n} " + "x" * 10_000 for n in range(400)]  # about four windows
    for n in range(0, 400, 4):
        session.accepted(await store.append("u", "", 0, sent[n : n + 4]))
    await until(lambda: weigh(worker.lines()) >= feeder.WINDOW)
    await asyncio.sleep(0.05)
    assert weigh(worker.lines()) <= feeder.WINDOW + feeder.MESSAGE + 40_000
    while session.settled_lines < 400:
        await until(lambda: len(worker.lines()) > session.settled_lines)
        last = worker.taken[-1]
        session.settle(Settled("s", last.first + len(last.texts), last.version, 1, 0))
    assert worker.lines() == sent
    assert session.settled == 100
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()
