"""What kill -9 and a full disk leave behind: everything acknowledged, once, in order."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sticli.daemon.store import Store
from tests.daemon.test_store import journal

WRITER = """
import asyncio, sys
from pathlib import Path
from sticli.daemon.disk.records import SessionRecord
from sticli.daemon.store import Store

async def produce(store, producer, first):
    for seq in range(first, 1 << 30, 3):
        lines = [f"{producer} {seq + n}" for n in range(3)]
        appended = await store.append("u", producer, seq, lines)
        print(producer, appended.next_seq, flush=True)

async def main():
    store = Store(Path(sys.argv[1]), sys.argv[2])
    if not await store.sessions():
        await store.create(SessionRecord("u", "n", None, None, 1.0, 1.0))
    await asyncio.gather(*(produce(store, p, int(n)) for p, n in zip("abc", sys.argv[3:])))

asyncio.run(main())
"""


@pytest.mark.parametrize("durability", ["normal", "full"])
async def test_killed_writer_loses_nothing_that_it_acknowledged(
    tmp_path: Path, durability: str
) -> None:
    path = tmp_path / "s.db"
    chance = random.Random(7)
    acknowledged = {"a": 0, "b": 0, "c": 0}
    for _ in range(4):
        # each goes on from what was acknowledged: a batch whose reply was lost is repeated
        starts = [str(count) for count in acknowledged.values()]
        with subprocess.Popen(
            [sys.executable, "-P", "-c", WRITER, str(path), durability, *starts],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout
            first = writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.4))
            writer.kill()
            for line in [first, *writer.stdout]:
                if line.endswith("\n"):
                    producer, count = line.split()
                    acknowledged[producer] = int(count)
    store = Store(path, "normal")
    assert store.note == ""
    found: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for line in await journal(store, "u"):
        found[line[0]].append(line)
    (session,) = await store.sessions()
    await store.close()
    assert session.lines == sum(map(len, found.values()))
    for producer, lines in found.items():
        assert len(lines) >= acknowledged[producer] > 0
        assert lines == [f"{producer} {n}" for n in range(len(lines))]


FULL_DISK = """
import asyncio, json, signal, sys
from pathlib import Path
from sticli.daemon.disk.records import SessionRecord
from sticli.daemon.store import Store
from sticli.errors import SticliError
import resource

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = Store(Path(sys.argv[1]), "normal")
    await store.create(SessionRecord("u", "n", None, None, 1.0, 1.0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    good = bad = 0
    for n in range(100):
        try:
            await store.append("u", "p", good, [f"{good} " + "x" * 20_000])
            good += 1
        except SticliError as error:
            assert error.code == "storage", error
            bad += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.append("u", "p", good, ["room again"])
    await store.close()
    print(good, bad)

asyncio.run(main())
"""


async def test_a_full_disk_refuses_and_the_writer_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.db"
    done = subprocess.run(
        [sys.executable, "-P", "-c", FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    good, bad = map(int, done.stdout.split())
    assert good > 0
    assert bad > 0
    store = Store(path, "normal")
    lines = await journal(store, "u")
    await store.close()
    assert store.note == ""
    assert [line.split()[0] for line in lines] == [*map(str, range(good)), "room"]
