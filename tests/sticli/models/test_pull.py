"""`sticli model pull` against a hub on this machine: what arrives, is refused, is kept."""

import json
import os
from pathlib import Path

import pytest

from sticli.models import cache, fetch, transfer
from sticli.models import hub as pages
from sticli.models.reference import parse
from tests.sticli.models.conftest import Program
from tests.sticli.models.hubs import REPOSITORY, REVISION, Hub

HERE = f"hf:{REPOSITORY}"
Q4, Q8 = "tiny-Q4_K_M.gguf", "tiny-Q8_0.gguf"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(fetch.time, "sleep", lambda _: None)


def blobs() -> list[str]:
    return sorted(os.listdir(cache.place(REPOSITORY) / "blobs"))


def test_what_is_asked_for_arrives(hub: Hub, program: Program) -> None:
    code, out, err = program("model", "pull", HERE)
    path = Path(out.strip())
    assert (code, path.name, path.read_bytes()) == (0, Q4, hub.files[Q4])
    assert path.parent == cache.place(REPOSITORY) / "snapshots" / REVISION
    assert f"{Q4} (Q4_K_M of 2 files)" in err
    assert "fetched and checked" in err
    assert "fits: " in err
    assert blobs() == [hub.sha256(Q4)]
    assert (cache.place(REPOSITORY) / "refs" / "main").read_text() == REVISION
    assert all(one.agent.startswith("sticli/") and "torch" not in one.agent for one in hub.seen)
    assert not [one for one in hub.seen if "xet" in one.path or "telemetry" in one.path]


def test_the_hubs_own_library_finds_it(hub: Hub, program: Program) -> None:
    import huggingface_hub

    out = program("model", "pull", f"{HERE}:q8_0").out
    found = huggingface_hub.try_to_load_from_cache(REPOSITORY, Q8, cache_dir=cache.folder())
    assert found == out.strip()


def test_what_is_there_is_not_fetched_again(hub: Hub, program: Program) -> None:
    first = json.loads(program("model", "pull", HERE, "--json", "-q").out)
    again = json.loads(program("model", "pull", f"{HERE}:{Q4}", "--json", "-q").out)
    assert (first.pop("fetched"), again.pop("fetched")) == (True, False)
    assert first == again
    assert len(hub.sent()) == 1


def test_what_another_program_put_there_is_not_fetched(hub: Hub, program: Program) -> None:
    import huggingface_hub

    huggingface_hub.hf_hub_download(
        REPOSITORY, Q4, revision=REVISION, cache_dir=cache.folder(), endpoint=hub.endpoint
    )
    hub.seen.clear()
    assert "here already" in program("model", "pull", HERE).err
    assert not hub.sent()


def test_a_connection_that_is_cut_goes_on(hub: Hub, program: Program) -> None:
    hub.cuts += [100_000, 50_000]
    code, out, _ = program("model", "pull", HERE)
    assert (code, Path(out.strip()).read_bytes()) == (0, hub.files[Q4])
    assert [one.range for one in hub.sent()] == ["", "bytes=100000-", "bytes=150000-"]


def test_what_was_stopped_goes_on(
    hub: Hub, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: object, what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(transfer.Transfer, "tell", stop)
        code, out, err = program("model", "pull", HERE)
    assert (code, out) == (130, "")
    assert blobs() == [f"{hub.sha256(Q4)}.incomplete"]
    part = cache.place(REPOSITORY) / "blobs" / blobs()[0]
    assert f"stopped: {part.stat().st_size / 1e3:.1f} kB of" in err
    assert program("model", "ls").out.count("\n") == 2  # it is no model yet
    os.truncate(part, 1000)
    code, out, err = program("model", "pull", HERE)
    assert (code, Path(out.strip()).read_bytes()) == (0, hub.files[Q4])
    assert "1.0 kB of them here already" in err
    assert hub.sent()[-1].range == "bytes=1000-"


def test_a_server_that_knows_no_ranges(hub: Hub, program: Program) -> None:
    hub.ranges, hub.cuts = False, [100_000]
    code, out, _ = program("model", "pull", HERE)
    assert (code, Path(out.strip()).read_bytes()) == (0, hub.files[Q4])


def test_a_storage_that_fails_for_a_while(hub: Hub, program: Program) -> None:
    hub.failing = fetch.TRIES
    assert program("model", "pull", HERE).code == 0
    hub.failing = fetch.TRIES + 1
    code, _, err = program("model", "pull", f"{HERE}:Q8_0")
    assert (code, "HTTP 503" in err) == (4, True)


def test_a_storage_that_sends_nothing_and_says_so_politely(hub: Hub, program: Program) -> None:
    hub.idle = True
    code, _, err = program("model", "pull", HERE)
    assert (code, "does not come" in err) == (4, True)
    assert len(hub.sent()) == fetch.TRIES + 1


@pytest.mark.parametrize("ahead", [0, 1000])
def test_what_is_not_what_the_hub_holds_is_not_kept(hub: Hub, program: Program, ahead: int) -> None:
    """The hub's hash is of other bytes, or what was there before is no part of it."""
    if ahead:
        part = cache.place(REPOSITORY) / "blobs" / f"{hub.sha256(Q4)}.incomplete"
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(ahead))
    else:
        hub.told[Q4] = "a" * 64
    code, out, err = program("model", "pull", HERE)
    assert (code, out, blobs()) == (1, "", [])
    assert f"the hub says {hub.sha256(Q4)}" in err
    assert not cache.pulled()


def test_more_than_was_told(hub: Hub, program: Program) -> None:
    part = cache.place(REPOSITORY) / "blobs" / f"{hub.sha256(Q4)}.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(hub.files[Q4] + b"more")
    assert program("model", "pull", HERE).code == 1
    assert blobs() == []


def test_a_model_that_makes_no_sense_is_refused_before_any_engine(
    hub: Hub, program: Program
) -> None:
    hub.files[Q4] = b"GGUF\3\0\0\0" + b"\xff" * 100
    code, out, err = program("model", "pull", HERE)
    assert (code, out) == (1, "")
    assert "tensors in its header" in err
    assert f"`sticli model rm {Q4}` frees it" in err
    assert program("model", "use", Q4).code == 1
    assert program("model", "rm", Q4, "--yes").code == 0


def test_a_token_is_sent_where_one_is_given_and_to_the_hub_alone(
    hub: Hub, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("model", "pull", HERE)
    assert not [one for one in hub.seen if one.token]
    hub.seen.clear()
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    out = program("model", "pull", f"{HERE}:Q8_0")
    asked = [one for one in hub.seen if one not in hub.sent()]
    assert {one.token for one in asked} == {"Bearer hf_secret"}
    assert [one.token for one in hub.sent()] == [""]
    assert "hf_secret" not in out.out + out.err


@pytest.mark.parametrize(
    ("status", "error", "code", "why"),
    [
        (403, "GatedRepo", 7, "is gated: ask at"),
        (401, "", 3, "or it is private"),
        (404, "RepoNotFound", 3, "the hub has no"),
        (403, "", 7, "does not let you read"),
        (429, "", 5, "too many requests"),
        (500, "", 4, "HTTP 500"),
    ],
)
def test_what_the_hub_refuses(
    hub: Hub, program: Program, status: int, error: str, code: int, why: str
) -> None:
    hub.status, hub.error = status, error
    found = program("model", "pull", HERE)
    assert (found.code, found.out) == (code, "")
    assert why in found.err
    assert found.err.count("\n") == 1


@pytest.mark.parametrize("file", ["../../../evil.gguf", "/evil.gguf", "a/../b.gguf", "a\n.gguf"])
def test_names_that_lead_out_of_the_cache_or_the_line(
    hub: Hub, program: Program, file: str
) -> None:
    hub.files = {file: b"x"}
    code, _, err = program("model", "pull", HERE)
    assert (code, "holds no GGUF file" in err) == (3, True)
    assert not hub.sent()


def test_names_that_no_repository_has(hub: Hub, program: Program) -> None:
    code, _, err = program("model", "pull", "hf:a--b/c")
    assert (code, "can be no name of a repository" in err) == (2, True)


def test_without_a_network_what_was_pulled_stays_of_use(
    hub: Hub, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = program("model", "pull", HERE).out
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, out, err = program("model", "pull", HERE)
    assert (code, out) == (0, before)
    assert "cannot be reached" in err
    found = program("model", "pull", f"{HERE}:Q8_0")
    assert (found.code, found.out) == (4, "")
    assert "http://127.0.0.1:9 cannot be reached" in found.err
    assert found.err.count("\n") == 1


def test_offline_nobody_is_asked(
    hub: Hub, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.library().constants, "HF_HUB_OFFLINE", True)
    for words in (("model", "pull", HERE), ("plan", HERE)):
        code, out, err = program(*words)
        assert (code, out) == (4, "")
        assert "HF_HUB_OFFLINE is set" in err
    assert not hub.seen


def test_files_without_a_hash_are_refused(hub: Hub, program: Program) -> None:
    hub.plain.add(Q4)
    code, _, err = program("model", "pull", HERE)
    assert (code, "tells no sha256" in err) == (1, True)


def test_no_room_is_told_before_anything_is_fetched(
    hub: Hub, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = fetch.shutil.disk_usage("/")
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    code, _, err = program("model", "pull", HERE)
    assert (code, "1.0 kB are free" in err) == (1, True)
    assert not hub.sent()


def test_a_disk_that_is_full_after_all(hub: Hub, program: Program) -> None:
    part = cache.place(REPOSITORY) / "blobs" / f"{hub.sha256(Q4)}.incomplete"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    code, out, err = program("model", "pull", HERE)
    assert (code, out) == (1, "")
    assert "the disk is full: 0 B of" in err
    assert "run the same command again" in err


def test_two_do_not_fetch_one_file(hub: Hub, program: Program) -> None:
    remote, _ = pages.locate(parse(HERE))
    with fetch._alone(remote):
        code, _, err = program("model", "pull", HERE)
    assert (code, "another process is fetching" in err) == (5, True)
    assert program("model", "pull", HERE).code == 0


def test_the_header_of_a_file_that_is_not_here(
    hub: Hub, program: Program, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FIRST", 1000)
    found = json.loads(program("plan", HERE, "--json").out)
    assert json.loads(program("plan", str(tiny), "--json").out)["weights"] == found["weights"]
    ranges = [one.range.removeprefix("bytes=") for one in hub.sent()]
    assert ranges == ["0-999", "1000-3999", "4000-15999"]
    assert not cache.folder().exists()


def test_the_header_where_the_server_knows_no_ranges(hub: Hub, program: Program) -> None:
    hub.ranges = False
    assert program("plan", HERE).code == 0


def test_a_header_that_does_not_end(
    hub: Hub, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FIRST", 100)
    monkeypatch.setattr(pages, "MOST", 3000)
    code, _, err = program("plan", HERE)
    assert (code, "ends inside its header" in err) == (1, True)
