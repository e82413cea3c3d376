"""Migrations, newer files, damaged files."""

import contextlib
import sqlite3
from pathlib import Path

import msgspec
import pytest

from sticli.daemon.disk import salvage
from sticli.daemon.disk.database import connect
from sticli.daemon.disk.journal import create
from sticli.daemon.disk.migrations import STEPS, migrate
from sticli.daemon.disk.records import AnswerRecord, Drop, News, QuestionRecord
from sticli.daemon.store import Store
from sticli.errors import SticliError
from sticli.form import Form
from tests.daemon.test_store import journal, record


async def fill(path: Path, batches: int = 300) -> None:
    store = Store(path, "normal")
    for name in ("a", "b"):
        await store.create(record(name * 8, name))
        for n in range(batches):
            await store.append(name * 8, "p", n * 2, [f"{name} {n} " + "x" * 200, f"{name} {n}b"])
    await store.add_event(News("session", "a", 1.0, {}))
    await store.close()


def test_steps_run_once_each_and_in_order() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    migrate(database)
    steps = (*STEPS, ("CREATE TABLE extra (x)",), ("INSERT INTO extra VALUES (1)",))
    for _ in range(2):
        migrate(database, steps)
    assert database.execute("SELECT x FROM extra").fetchall() == [(1,)]
    assert database.execute("PRAGMA user_version").fetchone() == (len(steps),)
    database.close()


def test_a_step_that_fails_changes_nothing() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    migrate(database)
    with pytest.raises(sqlite3.Error):
        migrate(database, (*STEPS, ("CREATE TABLE extra (x)", "nonsense")))
    assert database.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchall()
    database.close()


async def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await fill(path, 3)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(SticliError, match="schema 99") as caught:
        Store(path, "normal")
    assert caught.value.code == "version_mismatch"
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*corrupt*"))


async def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"this is not a database at all" * 100)
    store = Store(path, "normal")
    assert "damaged" in store.note
    assert await store.sessions() == []
    await store.create(record("u", "n"))
    await store.close()
    (aside,) = tmp_path.glob("s.db.corrupt-*")
    assert aside.read_bytes().startswith(b"this is not")
    store = Store(path, "normal")
    assert (store.note, len(await store.sessions())) == ("", 1)
    await store.close()


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
async def test_what_is_readable_of_a_damaged_file_is_saved(tmp_path: Path, place: float) -> None:
    path = tmp_path / "s.db"
    await fill(path)
    data = bytearray(path.read_bytes())
    start = int(len(data) * place) // 4096 * 4096
    data[start : start + 3 * 4096] = b"\xa5" * (3 * 4096)
    path.write_bytes(data)
    store = Store(path, "normal")
    assert "damaged" in store.note
    saved = {one.name[:9]: one for one in await store.sessions()}
    assert len(saved) == 2
    total = 0
    for one in saved.values():
        lines = await journal(store, one.uid)
        total += len(lines)
        assert len(lines) == one.lines
        # what is left is in the order it came, of this session alone, and can grow
        letter = one.uid[0]
        numbers = [int(line.split()[1].rstrip("b")) for line in lines]
        assert numbers == sorted(numbers)
        assert {line[0] for line in lines} == {letter}
        assert (await store.append(one.uid, "new", 0, ["more"])).version == one.version + 1
    assert total > 600
    await store.close()


def spoil(path: Path, text: bytes) -> None:
    """Put a byte that no text has in the place of the text's first one."""
    data = path.read_bytes()
    assert data.count(text) == 1
    path.write_bytes(data.replace(text, b"\xff" + text[1:]))


async def test_a_damaged_byte_costs_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    await fill(path, 40)
    store = Store(path, "normal")
    await store.add_question(QuestionRecord("a" * 8, "q", "why?", 5, 100, ["cat", "-"], 2.0))
    await store.add_event(News("answer", "a", 1.0, {"value": "so"}))
    await store.close()
    for text in (b"a 7b", b'{"value"', b'["cat"'):
        spoil(path, text)
    store = Store(path, "normal")
    lines = await journal(store, "a" * 8)
    assert (store.note, len(lines)) == ("", 80)
    assert [line for line in lines if "\ufffd" in line] == ["\ufffd 7b"]
    assert [one.data for one in (await store.events())[0]] == [{}]
    assert await store.questions() == []
    assert caplog.messages == [
        "damaged in the store, and left out: one event",
        "damaged in the store, and left out: one flash question",
    ]
    await store.close()


async def test_what_lies_between_damaged_bytes_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await fill(path, 100)
    for text in (b"a 2b", b"a 97b"):
        spoil(path, text)
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\xff" * 4096
    path.write_bytes(data)
    store = Store(path, "normal")
    assert "damaged" in store.note
    assert len(await journal(store, "a" * 8)) == 200
    await store.close()


async def test_a_salvage_that_is_interrupted_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    await fill(path, 40)
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\xff" * 4096
    path.write_bytes(data)
    for step in ("_mend", "finish"):
        with monkeypatch.context() as patch:
            patch.setattr(salvage, step, _killed)
            with pytest.raises(KeyboardInterrupt):
                Store(path, "normal")
    store = Store(path, "normal")
    assert "damaged" in store.note
    assert len(await journal(store, "a" * 8)) == 80
    await store.close()


def _killed(*_: object) -> str:
    raise KeyboardInterrupt


async def test_a_file_of_the_first_schema_is_brought_up(tmp_path: Path) -> None:
    """Written with the first step alone, as the first release did."""
    path = tmp_path / "s.db"
    database = sqlite3.connect(path, isolation_level=None)
    migrate(database, STEPS[:1])
    database.execute(
        "INSERT INTO sessions (uid, name, system, cells, created, last_used, lines, version,"
        " on_full, window_from) VALUES ('u', 'old', 'brief', 64, 1, 2, 3, 2, 'rebase', 1)"
    )
    for first, count, version, text in ((0, 2, 1, "a\nb"), (2, 1, 2, "c")):
        database.execute(
            "INSERT INTO batches VALUES ('u', ?, ?, ?, 1.5, ?)", (first, count, version, text)
        )
    database.execute("INSERT INTO questions VALUES ('u', 'q', 'why?', 5, 100, '[\"cat\"]', 2.0)")
    database.execute(
        "INSERT INTO answers VALUES ('u', 'q', 'so', 2, 3, 'm', 1, 1.5, 4, 5, 6, 7, 8, 9, 'stop')"
    )
    database.close()
    store = Store(path, "normal")
    (one,) = await store.sessions()
    assert (one.name, one.system, one.cells, one.lines, one.version) == ("old", "brief", 64, 3, 2)
    assert (one.on_full, one.window_from) == ("rebase", 1)
    assert (one.tenant, one.pinned, one.source) == ("", False, None)
    (question,) = await store.questions()
    assert (question.question, question.exec, question.form) == ("why?", ["cat"], None)
    assert question.gap is None
    (answer,) = await store.answers()
    assert (answer.value, answer.finish_reason, answer.source) == ("so", "stop", "flash")
    assert await journal(store, "u") == ["a", "b", "c"]
    await store.pin("u", True)
    assert (await store.append("u", "", 0, ["d"])).version == 3
    await store.close()
    store = Store(path, "normal")
    assert (await store.sessions())[0].pinned is True
    await store.close()


async def test_a_gap_that_nobody_asked_for_is_the_models(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    database = sqlite3.connect(path, isolation_level=None)
    migrate(database, STEPS[:-1])
    for key, gap in (("own", 2.0), ("asked", 3.5), ("nil", 0.0)):
        database.execute(
            "INSERT INTO questions VALUES ('u', ?, 'why?', 5, 100, NULL, 2.0, NULL, ?)", (key, gap)
        )
    database.close()
    store = Store(path, "normal")
    found = {one.id: (one.question, one.max_tokens, one.gap) for one in await store.questions()}
    assert found == {"own": ("why?", 5, None), "asked": ("why?", 5, 3.5), "nil": ("why?", 5, 0.0)}
    await store.close()


async def test_a_salvage_keeps_what_newer_schemas_know(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    made = msgspec.structs.replace(record("u", "n"), tenant="t", pinned=True, source="m@4")
    asked = QuestionRecord("u", "q", "?", 1, 0, None, 1.0, Form(choices=["a", "b"]), 3.5)
    await store.create(made)
    await store.add_question(asked)
    for n in range(300):
        await store.append("u", "", 0, [f"{n} " + "x" * 200])
    await store.close()
    database = sqlite3.connect(path, isolation_level=None)
    create(database, record("half", "half"), whole=False)
    database.execute("INSERT INTO batches VALUES ('half', 0, 1, 1, 1.5, 'x')")
    database.close()
    data = bytearray(path.read_bytes())
    start = len(data) // 2 // 4096 * 4096
    data[start : start + 8192] = b"\xa5" * 8192
    path.write_bytes(data)
    store = Store(path, "normal")
    assert "damaged" in store.note
    (found,) = await store.sessions()
    assert (found.tenant, found.pinned, found.source) == ("t", True, "m@4")
    assert await store.questions() == [asked]
    assert await journal(store, "half") == []
    await store.close()


async def test_of_lines_that_a_salvage_renumbers_nothing_older_holds(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    for uid in ("u", "v"):
        await store.create(record(uid, uid))
        for n in range(3):
            await store.append(uid, "", 0, [f"{n}", "x"])
        await store.keep_drops(uid, [Drop(2, 2, 2)])
        await store.add_question(QuestionRecord(uid, "q", "?", 1, 0, None, 1.0))
        await store.put_answer(
            AnswerRecord(uid, "q", "so", 2, 4, "m", 0, 1.5, 4.0, 5.0, 6, 7, 8, 9, "stop")
        )
    await store.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM batches WHERE session = 'v' AND first = 0")
    salvage.salvage(path, lambda fresh: connect(fresh, "normal"))
    store = Store(path, "normal")
    assert await store.drops("u", 0) == ([Drop(2, 2, 2)], 2)
    assert await journal(store, "v") == ["1", "x", "2", "x"]
    assert await store.drops("v", 0) == ([], 0)
    assert [one.session for one in await store.answers()] == ["u"]  # v's is of lines that are gone
    await store.close()
