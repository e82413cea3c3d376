"""`sticli new`, `fork`, `pin`, `unpin`, `ps`, `show` and `explain` as processes."""

import json
import re

from sticli.client import Client
from tests.sticli.conftest import Run
from tests.sticli.scripted import Script


def test_new_sends_what_was_given(script: Script, sticli: Run) -> None:
    script.sessions["a"] = ["one"]
    words = ("--tenant", "lab", "--on-full", "slide", "--limit", "500", "--from", "a@7")
    done = sticli("new", "b", *words)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "sticli: created session b (at most 500 tokens) from a, 1 line\n"
    assert script.facts["b"] == {
        "limit": 500, "on_full": "slide", "tenant": "lab", "source": "a",
        "at": {"version": 7, "time": None},
    }  # fmt: skip
    assert sticli("new", "c", "--from", "a").returncode == 0
    assert script.facts["c"] == {"source": "a"}


def test_a_fork_is_as_its_source_was(script: Script, sticli: Run) -> None:
    script.sessions["a"] = ["one", "two"]
    done = sticli("fork", "a", "b", "--at", "3", "--json")
    assert json.loads(done.stdout)["lines"] == 2
    assert "created session b" in done.stderr
    assert script.facts["b"]["at"] == {"version": 3, "time": None}
    again = sticli("fork", "a", "b")
    assert again.returncode == 1
    assert "`sticli rm b`" in again.stderr
    assert sticli("fork", "a", "c", "--at", "soon").returncode == 2
    assert sticli("fork", "nobody", "c").returncode == 3


def test_pins_stay_until_they_are_taken_out(script: Script, sticli: Run) -> None:
    script.sessions |= {"a": [], "b": []}
    assert sticli("pin", "a", "b").stderr == "sticli: pinned a, b\n"
    assert json.loads(sticli("unpin", "b", "--json").stdout)["unpinned"] == ["b"]
    assert [script.facts[name]["pinned"] for name in ("a", "b")] == [True, False]
    assert sticli("pin", "a", "nobody").returncode == 3
    assert sticli("pin").returncode == 2


def test_ps_fits_a_terminal(script: Script, sticli: Run) -> None:
    usual = {"lines": 1_234_567, "version": 98_765, "tokens": 131_000, "limit": 131_072}
    script.sessions |= {"mysession": [], "market1": []}
    script.facts["mysession"] = usual | {"place": "device", "pinned": True}
    script.facts["market1"] = usual | {"place": "journal", "pending": 12_345, "state": "waiting"}
    head, one, two = sticli("ps").stdout.splitlines()
    assert "DROPS" not in head
    assert one.split()[2:4] == ["device*", "1.2M"]
    assert two.split()[2] == "journal"
    assert max(map(len, (head, one, two))) <= 80
    script.facts["market1"]["dropped"] = 412
    head, one, two = sticli("ps").stdout.splitlines()
    assert (head.split()[5], two.split()[5]) == ("DROPS", "412")
    assert max(map(len, (head, one, two))) <= 84


def test_show_tells_what_is_unusual(script: Script, sticli: Run) -> None:
    script.sessions["a"] = []
    plain = sticli("show", "a").stdout
    assert not re.search("tenant|dropped|forked|left out", plain)
    script.facts["a"] = {
        "place": "disk", "pinned": True, "tenant": "lab", "source": "z@9", "dropped": 1,
        "left_out": 2, "pending": 3, "pending_tokens": 40,
    }  # fmt: skip
    shown = re.sub(" +", " ", sticli("show", "a").stdout)
    for told in (
        "place disk, pinned\n",
        "tenant lab\n",
        "forked from z@9\n",
        "dropped 1 line,",
        "left out 2 lines,",
        "pending 3 (about 40 tokens)\n",
    ):
        assert told in shown


def test_explain_is_to_be_read(script: Script, sticli: Run) -> None:
    script.sessions["s"] = []
    script.account = {
        "place": "host", "pinned": True, "rebases": 2, "drafted": 9, "accepted": 4,
        "moves": [{"at": 0.0, "place": "host", "tokens": 800, "reason": "\x1b[2Jothers need room"}],
        "notes": ["shared: the same beginning."],
    }  # fmt: skip
    said = sticli("explain", "s").stdout
    assert said.startswith("s: in host memory, pinned\n")
    assert "900 tokens of 4,096: 800 in cells, 100 still to be computed" in said
    assert "500 computed, 200 restored, 100 shared with a" in said
    assert "rebased 2 times" in said
    assert "4 of 9 drafted tokens were right" in said
    assert re.search(r"\d\d:\d\d:\d\d to host, 800 tokens: others need room", said)
    assert said.endswith("  shared: the same beginning.\n")
    script.account["notes"] = ["not shared: " + 20 * "words and "]
    assert max(map(len, sticli("explain", "s").stdout.splitlines())) <= 80
    assert json.loads(sticli("explain", "s", "--json").stdout)["shared"] == 100
    assert sticli("explain", "nobody").returncode == 3


def test_a_real_fork_goes_its_own_way(daemon: Client, sticli: Run) -> None:
    assert sticli("append", "a", input="one\n").returncode == 0
    assert sticli("append", "a", input="two\n").returncode == 0
    assert sticli("fork", "a", "b", "--at", "1").returncode == 0
    assert sticli("append", "b", input="other\n").returncode == 0
    assert sticli("log", "b").stdout == "one\nother\n"
    assert sticli("new", "c", "--from", "a@2").returncode == 0
    assert sticli("log", "c").stdout == "one\ntwo\n"
    assert json.loads(sticli("show", "b", "--json").stdout)["source"] == "a@1"
    assert sticli("pin", "a").returncode == 0
    assert json.loads(sticli("show", "a", "--json").stdout)["pinned"] is True
    past = json.loads(sticli("ask", "a", "?", "--at", "1", "--json", "--max-tokens", "4").stdout)
    assert (past["version"], past["lines"]) == (1, 1)
    assert "a: on the device, pinned" in sticli("explain", "a").stdout
    lost = sticli("ask", "a", "?", "--at", "9")
    assert lost.returncode != 0
    assert lost.stderr.count("\n") == 1
