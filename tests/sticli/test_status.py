"""`sticli daemon status`, for people."""

import re

from sticli.client import Client
from tests.sticli.conftest import Run
from tests.sticli.scripted import Script


def test_what_is_new_is_told_where_there_is_something(script: Script, sticli: Run) -> None:
    plain = sticli("daemon", "status").stdout
    assert not re.search("host|stall|flash|decisions|drafts", plain)
    script.sessions |= {"a": [], "b": [], "c": []}
    script.facts |= {"a": {"place": "device"}, "b": {"place": "disk"}, "c": {"place": "device"}}
    script.usage = {
        "host_bytes": 2_500_000.0, "disk_bytes": 1e9, "stall_s_count": 9.0, "stall_s_p99": 0.012,
        "stall_s_max": 0.05, "device_s_ask": 1.25, "device_s_flash": 0.0, "flash_evaluations": 7.0,
        "ready_evaluations": 5.0, "ready_fallthroughs": 1.0, "drafted": 10.0, "accepted": 6.0,
    }  # fmt: skip
    script.counters = {"flash_hits": 3, "ready_exits": 4, "repeats": 2}
    told = re.sub(" +", " ", sticli("daemon", "status").stdout)
    for line in (
        "sessions 3 (2 device, 1 disk)",
        "host memory 2.5 MB",
        "disk 1.0 GB",
        "ask stall p99 12.0 ms, longest 50.0 ms",
        "device time ask 1.2 s\n",
        "flash 7 evaluations, 3 hits",
        "decisions 5 prepared, 4 read off, 1 decoded from",
        "drafts 6 of 10 tokens right",
        "repeats 2 answered again from memory",
    ):
        assert line in told, told


def test_how_far_the_model_is_loaded_is_told(script: Script, sticli: Run) -> None:
    script.loads = [{"done": 7, "total": 28, "what": "kernels"}]
    told = re.sub(" +", " ", sticli("daemon", "status").stdout)
    assert "worker starting (kernels: 25 %, 0 restarts)" in told


def test_the_counters_are_those_of_a_real_daemon(daemon: Client, sticli: Run) -> None:
    assert sticli("append", "s", input="one\n").returncode == 0
    assert sticli("ask", "s", "?", "--max-tokens", "2").returncode == 0
    told = re.sub(" +", " ", sticli("daemon", "status").stdout)
    assert "sessions 1 (1 device)" in told
    assert "device time " in told
    known = daemon.status().usage | daemon.status().counters
    for name in ("flash_evaluations", "ready_evaluations", "ready_fallthroughs", "stall_s_p99"):
        assert name in known
