"""What the command line says about a server is read right, or refused."""

import re

import pytest

from sticli.bench.adapters.peer import Peer, parse
from sticli.bench.peers import NOTES
from sticli.errors import SticliError


@pytest.mark.parametrize(
    ("text", "peer", "address", "root"),
    [
        ("a=http://h:8000", Peer("a", "http://h:8000"), ("h", 8000), ""),
        ("a=http://h", Peer("a", "http://h"), ("h", 80), ""),
        ("a=http://h:1/v1/", Peer("a", "http://h:1/v1/"), ("h", 1), ""),
        ("a=http://[::1]:1/x", Peer("a", "http://[::1]:1/x"), ("::1", 1), "/x"),
        ("a=unix:/tmp/s.sock", Peer("a", "unix:/tmp/s.sock"), "/tmp/s.sock", ""),
        (
            "a b=http://h:1,api=chat,model=x=y,prompt=text,warm=yes,pid=3,cache=unchecked",
            Peer("a b", "http://h:1", "chat", "x=y", "text", True, 3, False),
            ("h", 1),
            "",
        ),
        (
            "a=http://h:1,api=completions,prompt=ids,warm=no,cache=on",
            Peer("a", "http://h:1"),
            ("h", 1),
            "",
        ),
    ],
)
def test_a_peer_is_read(text: str, peer: Peer, address: object, root: str) -> None:
    found = parse(text)
    assert (found, found.address, found.root) == (peer, address, root)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "=http://h",
        "a=",
        "a=h:8000",
        "a=https://h",
        "a=http://",
        "a=http://h:70000",
        "a=http://h:x",
        "a=http://[h",
        "a=unix:s.sock",
        "a=http://h,api=other",
        "a=http://h,prompt=chat",
        "a=http://h,warm=perhaps",
        "a=http://h,pid=-1",
        "a=http://h,model=",
        "a=http://h,slot=1",
        "a=http://h,",
        "bare=http://h",
        "sticli live=http://h",
    ],
)
def test_what_is_no_peer_is_refused(text: str) -> None:
    with pytest.raises(SticliError) as refusal:
        parse(text)
    assert refusal.value.code == "bad_request"
    assert refusal.value.hint


def test_the_notes_name_peers_that_are_read_and_every_key() -> None:
    examples = re.findall(r"--peer ([a-z-]+=[^\s,]+(?:,\w+=\w+)*)", NOTES)
    assert {parse(text.rstrip(".")).url.split(":")[0] for text in examples} == {"http", "unix"}
    for key in ("api", "prompt", "model", "warm", "pid", "cache"):
        assert re.search(rf"^    {key}=\w+", NOTES, re.MULTILINE)
    assert max(map(len, NOTES.splitlines())) <= 100
