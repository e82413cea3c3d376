"""Where sessions are, and which are pinned: what the worker says of it and is told."""

import asyncio
import os
import signal
from typing import Any

import msgspec

from sticli import protocol
from tests.daemon.conftest import SLOW, Daemon, until
from tests.daemon.test_front import refused


async def place(daemon: Daemon, wanted: str) -> Any:
    async def found() -> bool:
        return bool((await daemon.session("s"))["place"] == wanted)

    return await until(found)


async def test_moves_on_the_ladder_are_shown_and_are_events(daemon: Daemon) -> None:
    await daemon.new("s")
    await place(daemon, "device")
    reader, writer = await daemon.http.open(
        "GET", "/v1/events?type=moved", accept="application/x-ndjson"
    )
    await reader.readuntil(b'"connected"')
    pinned = await daemon.http.ok("PUT", "/v1/sessions/s/pin", {"pinned": True})
    assert pinned["pinned"] is True
    await place(daemon, "host")
    line = b""
    async with asyncio.timeout(SLOW):
        while b'"host"' not in line:  # the move to the device may come first
            line = await reader.readuntil(b"}\n")
    event = msgspec.json.decode(line[line.index(b"{") :], type=protocol.Event)
    assert (event.session, event.data) == (
        "s",
        {"place": "host", "tokens": 7, "reason": "made room"},
    )
    writer.close()
    (daemon.folder / "crash").touch()
    os.kill((await daemon.status())["worker_pid"], signal.SIGKILL)
    await place(daemon, "")


async def test_a_pin_and_a_tenant_outlive_a_restart(daemon: Daemon) -> None:
    made = await daemon.new("s", tenant="t")
    assert (made["tenant"], made["pinned"], made["source"]) == ("t", False, None)
    await daemon.http.ok("PUT", "/v1/sessions/s/pin", {"pinned": True})
    await daemon.stop()
    await daemon.start()
    assert (await daemon.session("s"))["pinned"] is True
    await daemon.settled("s")
    assert daemon.heard()[-1] == "open s 't' True 0"
    assert (await daemon.http.ok("PUT", "/v1/sessions/s/pin", {"pinned": False}))["pinned"] is False
    await until(lambda: "pin s False" in daemon.heard(), SLOW)
    assert (await refused(daemon, "PUT", "/v1/sessions/none/pin", {"pinned": True}))[0] == 404
    assert (await refused(daemon, "PUT", "/v1/sessions/s/pin", {}))[0] == 400


async def test_the_last_words_of_a_session_do_not_harm_one_that_got_its_name(
    daemon: Daemon,
) -> None:
    for line in ("a", "b"):
        await daemon.new("s")
        await daemon.append("s", line)
        await daemon.settled("s")
        assert (await daemon.ask("s", "?"))["answer"] == f"1: {line}"
        assert (await daemon.session("s"))["refused"] is None
        await daemon.http.ok("DELETE", "/v1/sessions/s")
