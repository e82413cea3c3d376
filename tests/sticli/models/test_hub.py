"""A hub that is none, or that says one thing here and another there."""

import pytest

from sticli.models import cache
from tests.sticli.models.conftest import Program
from tests.sticli.models.hubs import Hub

HERE = "hf:org/tiny-GGUF"
Q4 = "tiny-Q4_K_M.gguf"


@pytest.mark.parametrize(
    "page",
    [
        b"<html>log in to the wifi</html>",
        b"[]",
        b"{}",
        b'{"id": "o/r", "sha": "x", "siblings": [{"rfilename": "a.gguf", "lfs": {"size": 1}}]}',
        b'{"id": "o/r", "sha": 5, "siblings": [{"rfilename": "a.gguf"}]}',
        b'{"id": "o/r", "sha": "x", "siblings": [{"rfilename": 5}]}',
    ],
)
def test_what_is_no_hub(hub: Hub, program: Program, page: bytes) -> None:
    hub.page = page
    code, out, err = program("model", "pull", HERE)
    assert (code, out) == (4, "")
    assert "does not answer as a hub does" in err


def test_a_hub_that_says_two_hashes_of_a_file(hub: Hub, program: Program) -> None:
    hub.linked[Q4] = "b" * 64
    code, out, err = program("model", "pull", HERE)
    assert (code, out, cache.pulled()) == (1, "", [])
    assert f"sha256 {hub.sha256(Q4)}, and {'b' * 64}" in err
