"""The store: exactly once, in order, whatever is repeated; errors concern their own job."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sticli.daemon.disk.records import AnswerRecord, Drop, News, QuestionRecord, SessionRecord
from sticli.daemon.store import Store
from sticli.errors import SticliError


def record(uid: str, name: str) -> SessionRecord:
    return SessionRecord(uid, name, None, None, 1.0, 1.0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(tmp_path / "s.db", "normal")
    yield one
    await one.close()


async def journal(store: Store, uid: str) -> list[str]:
    """All lines, read in as many pieces as the store likes."""
    lines: list[str] = []
    while batches := await store.lines(uid, len(lines)):
        for batch in batches:
            lines += batch.texts[len(lines) - batch.first :]
    return lines


text = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=5)
sending = st.tuples(st.integers(0, 1), st.integers(0, 12), st.lists(text, max_size=6))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sending, max_size=14))
async def test_retries_and_overlaps_store_every_line_once(
    tmp_path_factory: pytest.TempPathFactory, sendings: list[tuple[int, int, list[str]]]
) -> None:
    """Against a model: a producer's line is stored when its number comes the first time."""
    store = Store(tmp_path_factory.mktemp("x") / "s.db", "normal")
    await store.create(record("u", "n"))
    known, model, version = [0, 0], [], 0
    for producer, first, lines in sendings:
        if first > known[producer]:
            with pytest.raises(SticliError, match=f"expected {known[producer]}"):
                await store.append("u", str(producer), first, lines)
            continue
        appended = await store.append("u", str(producer), first, lines)
        fresh = lines[known[producer] - first :]
        version += bool(fresh)
        model += fresh
        known[producer] = max(known[producer], first + len(lines))
        assert (appended.next_seq, appended.lines) == (known[producer], len(model))
        assert appended.version == version
    assert await journal(store, "u") == model
    await store.close()


async def test_lines_may_hold_anything_but_newlines(store: Store) -> None:
    lines = ["", "a\0b", "\r", "😀 \u2028 \x85", "<|im_start|>", ""]
    await store.create(record("u", "n"))
    await store.append("u", "", 0, lines)
    await store.append("u", "", 0, [""])
    assert await journal(store, "u") == [*lines, ""]


async def test_jobs_that_wait_share_a_transaction_but_not_errors(
    store: Store, tmp_path: Path
) -> None:
    await store.create(record("u", "n"))
    good = [store.append("u", "", 0, [str(n)]) for n in range(50)]
    bad = [store.append("u", "p", 7, ["gap"]), store.append("gone", "", 0, ["x"])]
    taken = store.create(record("v", "n"))
    good += [store.append("u", "", 0, [str(n)]) for n in range(50, 100)]
    outcomes = await asyncio.gather(*good, *bad, taken, return_exceptions=True)
    codes = [error.code for error in outcomes if isinstance(error, SticliError)]
    assert codes == ["sequence_gap", "not_found", "exists"]
    assert await journal(store, "u") == [str(n) for n in range(100)]


async def test_without_a_producer_every_batch_is_new(store: Store) -> None:
    await store.create(record("u", "n"))
    for version in (1, 2):
        assert (await store.append("u", "", 0, ["same"])).version == version
    assert await journal(store, "u") == ["same", "same"]


async def test_refusal_spares_what_is_known_already(store: Store) -> None:
    full = SticliError("context_length_exceeded", "full")
    await store.create(record("u", "n"))
    await store.append("u", "p", 0, ["a", "b"])
    assert (await store.append("u", "p", 0, ["a", "b"], full)).next_seq == 2
    with pytest.raises(SticliError, match="full"):
        await store.append("u", "p", 1, ["b", "c"], full)
    assert await journal(store, "u") == ["a", "b"]


async def test_a_name_used_again_never_meets_old_data(store: Store) -> None:
    await store.create(record("u", "n"))
    await store.append("u", "p", 0, ["old"])
    await store.add_question(QuestionRecord("u", "q", "?", 1, 0, None, 1.0))
    await store.remove("u")
    await store.create(record("v", "n"))
    assert (await store.append("v", "p", 0, ["new"])).version == 1
    assert await journal(store, "v") == ["new"]
    assert await journal(store, "u") == []
    with pytest.raises(SticliError, match="removed"):
        await store.add_question(QuestionRecord("u", "q", "?", 1, 0, None, 1.0))
    assert await store.questions() == []


async def test_questions_answers_and_events_come_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "full")
    question = QuestionRecord("u", "q", "why?", 5, 100, ["cat", "-"], 2.0)
    answer = AnswerRecord("u", "q", "so", 3, 3, "m", 0, 1.5, 4.0, 5.0, 6, 7, 8, 9, "stop")
    await store.create(record("u", "n"))
    await store.add_question(question)
    await store.put_answer(answer)
    event = await store.add_event(News("answer", "n", 1.0, {"value": "so"}))
    await store.close()
    store = Store(tmp_path / "s.db", "normal")
    assert await store.questions() == [question]
    assert await store.answers() == [answer]
    assert await store.events() == ([event], event.id)
    await store.close()


async def test_an_answer_of_a_removed_question_is_dropped(store: Store) -> None:
    answer = AnswerRecord("u", "q", "so", 3, 3, "m", 0, 1.5, 4.0, 5.0, 6, 7, 8, 9, "stop")
    await store.put_answer(answer)
    assert await store.answers() == []


async def test_the_ring_is_bounded_and_ids_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sticli.daemon.disk.notebook.RING", 10)
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    await asyncio.gather(*(store.add_event(News("t", "", 1.0, {"n": n})) for n in range(25)))
    await store.close()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM events")
    database.close()
    store = Store(path, "normal")
    assert await store.events() == ([], 25)
    assert (await store.add_event(News("t", "", 1.0, {}))).id == 26
    await store.close()


async def test_the_files_are_private(store: Store, tmp_path: Path) -> None:
    await store.create(record("u", "n"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes) == {"s.db", "s.db-wal", "s.db-shm"}
    assert set(modes.values()) == {0o600}


async def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    await store.create(record("u", "n"))
    await store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["s.db"]


async def test_large_journals_are_read_in_bounded_pieces(store: Store) -> None:
    await store.create(record("u", "n"))
    lines = [f"{n} " + "x" * 1000 for n in range(2000)]
    for n in range(0, 2000, 50):
        await store.append("u", "", 0, lines[n : n + 50])
    first = await store.lines("u", 1025)
    assert first[0].first == 1000
    assert sum(len(batch.texts) for batch in first) < 500
    assert await journal(store, "u") == lines


async def test_drops_are_kept_grow_and_go_with_their_session(store: Store) -> None:
    await store.create(record("u", "n"))
    await store.append("u", "", 0, [str(n) for n in range(20)])
    await store.keep_drops("u", [Drop(2, 3, 3)])
    await store.keep_drops("u", [Drop(2, 5, 5), Drop(9, 4, 4)])
    await store.keep_drops("gone", [Drop(0, 1, 1)])
    assert await store.drops("u", 0) == ([Drop(2, 5, 5), Drop(9, 4, 4)], 9)
    assert await store.drops("u", 7) == ([Drop(9, 4, 4)], 9)
    assert await store.drops("gone", 0) == ([], 0)
    await store.append("u", "", 0, ["more"])
    await store.keep_drops("u", [Drop(18, 3, 3)])
    await store.fork(record("v", "m"), "u", 20)  # its last line is of a run that goes on
    assert await store.drops("v", 0) == ([Drop(2, 5, 5), Drop(9, 4, 4), Drop(18, 2, 3)], 11)
    await store.remove("u")
    assert await store.drops("u", 0) == ([], 0)


async def test_sizes_are_those_of_the_batches_from_a_line_on(store: Store) -> None:
    await store.create(record("u", "n"))
    for texts in (["ab", "c\0d"], ["é"], ["", "xyz"]):
        await store.append("u", "", 0, texts)
    found = [(end, size) for end, size, _ in await store.sizes("u", 0)]
    assert found == [(2, 7), (3, 2), (5, 5)]
    assert [end for end, _, _ in await store.sizes("u", 2)] == [3, 5]
    assert await store.sizes("u", 5) == []
