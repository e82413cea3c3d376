"""The main job: a feed goes in, the model that ships with the package answers questions."""

from pathlib import Path

from sticli.demo.world.market import Market
from tests.e2e.conftest import Person, wait_for


def test_append_then_ask_answers_from_the_feed(person: Person) -> None:
    feed = Market(seed=11, held_out=True)
    right = asked = 0
    for _ in range(6):
        lines = [feed.line() for _ in range(8)]
        person.run("append", "ticks", feed="\n".join(lines) + "\n")
        for question in feed.questions()[:2]:
            answer = person.run("ask", "ticks", question.text).stdout.strip()
            asked += 1
            right += answer == question.truth
    assert right >= 0.75 * asked, f"{right} of {asked} right"


def test_summary_goes_to_stderr_and_nothing_to_stdout(person: Person) -> None:
    done = person.run("append", "s", feed="a\nb\r\nc")
    assert done.stdout == ""
    assert "3 lines" in done.stderr
    assert person.log("s") == ["a", "b", "c"]


def test_ask_json_says_what_it_cost(person: Person) -> None:
    person.run("append", "s", feed="10:00:00 ACME 12.50\n" * 20)
    answer = person.json("ask", "s", "last price of ACME?", "--live")
    assert answer["source"] == "live"
    assert answer["schema_version"] == 1
    assert answer["version"] == 1
    assert answer["pending"] == 0
    assert answer["cached_tokens"] > 100 > answer["new_tokens"]


def test_twenty_clients_start_one_daemon(person: Person) -> None:
    clients = [person.start("new", f"s{n}") for n in range(20)]
    codes = [client.communicate(timeout=120)[0:0] or client.returncode for client in clients]
    assert codes == [0] * 20
    assert len({session["name"] for session in person.json("ps")["sessions"]}) == 20
    log = (person.home / "state" / "daemon.log").read_text()
    assert log.count("serving") == 1


def test_stop_leaves_nothing_behind_and_start_brings_it_back(person: Person) -> None:
    feed = Market(seed=3)
    person.run("append", "s", feed="\n".join(feed.line() for _ in range(30)))
    before = person.json("ask", "s", "which symbol traded last?", "--live")
    pids = person.pids()
    person.run("daemon", "stop")
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert not (person.home / "run" / "sticli.sock").exists()
    after = person.json("ask", "s", "which symbol traded last?", "--live")
    for key in ("answer", "version", "cached_tokens", "window_from"):
        assert after[key] == before[key]
    assert "snapshot" in person.json("show", "s")["note"]
