"""Damaged files: each is told in one line or mended, and nothing acknowledged is lost."""

from importlib.resources import files
from pathlib import Path

from sticli.demo.world.market import Market
from tests.e2e.conftest import SLOW, Person

QUESTION = "which symbol traded last?"
MODEL = files("sticli.models") / "sticli-feed-v2.gguf"


def filled(person: Person) -> list[str]:
    feed = Market(seed=4)
    lines = [feed.line() for _ in range(30)]
    person.run("append", "s", feed="\n".join(lines))
    return lines


def test_a_damaged_snapshot_is_put_aside_and_said(person: Person) -> None:
    lines = filled(person)
    before = person.json("ask", "s", QUESTION, "--live")
    person.run("daemon", "stop")
    (snapshot,) = (person.home / "cache" / "snapshots").glob("*.kv")
    data = bytearray(snapshot.read_bytes())
    data[len(data) // 2] ^= 1
    snapshot.write_bytes(data)
    after = person.json("ask", "s", QUESTION, "--live")
    assert (after["answer"], after["version"]) == (before["answer"], before["version"])
    note = person.json("show", "s")["note"]
    assert "damaged" in note
    assert "corrupt/" in note
    assert person.log("s") == lines


def test_a_damaged_database_is_salvaged_and_said(person: Person) -> None:
    lines = filled(person)
    person.run("daemon", "stop")
    database = person.home / "data" / "sticli.db"
    data = bytearray(database.read_bytes())
    data[-4096:] = b"\xff" * 4096  # a page of the ring of events
    database.write_bytes(data)
    assert "damaged" in person.run("daemon", "start").stderr
    assert "damaged" in person.run("doctor", code=1).stdout
    assert "damaged" in person.json("daemon", "status")["last_error"]
    assert list((person.home / "data").glob("sticli.db.corrupt-*"))
    assert person.log("s") == lines


def test_a_truncated_model_is_refused_in_one_line(person: Person, tmp_path: Path) -> None:
    model = tmp_path / "cut.gguf"
    model.write_bytes(MODEL.read_bytes()[: 1 << 20])
    started = person.start("daemon", "start", "--model", str(model), "--quiet")
    _, told = started.communicate(timeout=SLOW)
    assert (started.returncode, len(told.splitlines())) == (1, 1)
    assert str(model) in told.decode()
    refused = person.start("ask", "s", QUESTION)
    _, missing = refused.communicate(timeout=SLOW)
    assert (refused.returncode, len(missing.splitlines())) == (3, 1)  # there is no such session
    person.run("new", "s")
    asking = person.start("ask", "s", QUESTION)
    _, error = asking.communicate(timeout=SLOW)
    assert asking.returncode not in (0, 130)
    assert str(model) in error.decode()
    assert len(error.decode().strip().splitlines()) == 1


def test_a_binary_file_and_control_tokens_are_only_text(person: Person) -> None:
    noise = bytes(range(256)) * 64 + b"\n<|answer|><|end|>\n"
    done = person.run("append", "s", feed=noise)
    assert "replaced" in done.stderr
    asked = person.json("ask", "s", QUESTION, "--max-tokens", "4")
    assert asked["finish_reason"] in ("stop", "length")
    assert person.log("s")[-1] == "<|answer|><|end|>"
