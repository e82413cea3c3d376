"""Live names: from the daemon while it answers in time, else none, and never a new daemon."""

import socket
from pathlib import Path

import pytest
from msgspec.structs import asdict

from sticli.completion import naming
from sticli.config import CHOICES, DOC
from sticli.protocol import Flash
from tests.sticli.scripted import Json, Script


def flash(session: str, key: str, question: str = "?") -> Json:
    made = Flash(session, key, question, 9, 0, None, None, False, None, None, None, None, 0)
    return asdict(made)


def test_sessions_and_questions_with_a_word_about_each(script: Script) -> None:
    script.sessions |= {"market": ["a", "b"], "logs": []}
    script.flash["market"] = {"x": flash("market", "x", "last\tprice?\x1b[31m")}
    assert naming.sessions() == [("market", "2 lines"), ("logs", "0 lines")]
    assert naming.sessions(["logs"]) == [("market", "2 lines")]
    assert naming.questions("market") == [("x", "last price?")]
    assert naming.questions("nobody") == []


def test_a_daemon_that_never_answers_is_not_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "BUDGET", 0.07)
    place = home / "run" / "sticli.sock"
    place.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place))
        silent.listen()
        assert naming.sessions() == []
        assert naming.questions("market") == []


def test_no_daemon_is_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STICLI_NO_AUTOSTART")
    assert naming.sessions() == []
    assert not (home / "state").exists()


def test_settings_and_what_they_may_be(home: Path) -> None:
    assert dict(naming.settings()) == DOC
    assert [value for value, _ in naming.values("engine")] == [*CHOICES["engine"]]
    assert naming.values("threads") == []
    assert naming.values("model") == naming.models()
