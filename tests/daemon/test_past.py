"""The past with the real worker and model: a moment, a fork of it and a lone session agree."""

import asyncio
from typing import Any

from sticli.daemon import front
from sticli.daemon.http import listener
from sticli.daemon.worker_process import COMMAND
from tests.daemon.conftest import Daemon, until

VERSIONS = [
    ["10:00 boiler 61 degrees", "10:01 boiler 64 degrees"],
    ["10:02 pump off"],
    ["10:03 boiler 88 degrees", "10:04 pump on", "10:05 boiler 70 degrees"],
]
QUESTION = "How hot is the boiler?"
ALIKE = ("answer", "version", "lines", "completion_tokens", "finish_reason")


async def begin(daemon: Daemon) -> None:
    """Exchange the scripted worker for the real one."""
    await daemon.stop()
    plug = listener.bind(daemon.paths.socket)
    daemon.task = asyncio.create_task(
        front.serve(daemon.paths, daemon.settings, plug, asyncio.Event(), COMMAND)
    )


async def feed(daemon: Daemon, name: str, versions: list[list[str]]) -> None:
    await daemon.new(name)
    for lines in versions:
        await daemon.append(name, *lines)


async def ask(daemon: Daemon, name: str, **more: Any) -> Any:
    return await daemon.ask(name, QUESTION, max_tokens=12, **more)


async def test_a_moment_a_fork_of_it_and_a_lone_session_answer_alike(daemon: Daemon) -> None:
    await begin(daemon)
    await feed(daemon, "s", VERSIONS)
    for version in range(len(VERSIONS) + 1):
        past = await ask(daemon, "s", at={"version": version}, live=True)
        await daemon.new(f"fork{version}", source="s", at={"version": version})
        await feed(daemon, f"lone{version}", VERSIONS[:version])
        alike = {
            (*(answer[key] for key in ALIKE), round(answer["confidence"], 1))
            for answer in (
                past,
                await ask(daemon, f"fork{version}", min_version=version),
                await ask(daemon, f"lone{version}", min_version=version),
            )
        }
        assert len(alike) == 1
        assert (await daemon.settled(f"fork{version}"))["place"] == "device"
    account = await daemon.http.ok("GET", "/v1/sessions/fork3/explain")
    assert account["cached"] == account["tokens"] > 0


async def test_a_decision_that_is_open_is_decoded_from_what_is_prepared(daemon: Daemon) -> None:
    """No lead reaches such a gap, whatever the model thinks."""
    await begin(daemon)
    await feed(daemon, "s", VERSIONS)
    form = {"choices": ["64 degrees", "70 degrees"]}
    body = {"question": QUESTION, "id": "open", "form": form, "gap": 999.0}
    await daemon.http.ok("POST", "/v1/sessions/s/flash", body)

    async def prepared() -> Any:
        found = await daemon.http.ok("GET", "/v1/sessions/s/flash/open")
        return found if found["lead"] is not None else None

    assert not (await until(prepared))["fresh"]
    decoded = await daemon.ask("s", "@open")
    assert decoded["source"] == "live"
    assert decoded["answer"] in form["choices"]
    assert decoded["new_tokens"] == 0  # from the prepared state
    assert (await daemon.ask("s", "@open"))["source"] == "repeat"
