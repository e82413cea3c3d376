"""What a word may become: commands, options, values and names, and files where they belong."""

import pytest

from sticli.catalogue import COMMANDS
from sticli.completion.candidates import FILES, candidates
from tests.sticli.completion.test_naming import flash
from tests.sticli.scripted import Script


@pytest.fixture
def named(script: Script) -> Script:
    script.sessions |= {"market": [], "logs": []}
    script.flash["market"] = {"x": flash("market", "x")}
    return script


def offers(line: str) -> list[str]:
    return [word for word, _ in candidates(line.split(" "))]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("da", ["daemon"]),
        ("flash ", ["add", "ls", "get", "rm"]),
        ("-q flash g", ["get"]),
        ("ask m", ["market"]),
        ("ask market @", ["@x"]),
        ("ask market -- @", ["@x"]),
        ("ask --max-tokens 5 l", ["logs"]),
        ("ask --max-tokens=5 l", ["logs"]),
        ("append --timestamp l", ["logs"]),
        ("flash add ", ["market", "logs"]),
        ("flash add market ", []),
        ("flash get market ", ["x"]),
        ("flash get market x ", []),
        ("calibrate market ", ["x"]),
        ("flash add market --id ", []),
        ("pin market ", ["logs"]),
        ("fork m", ["market"]),
        ("fork market ", []),
        ("new b --from ", ["market", "logs"]),
        ("new --from=m", ["--from=market"]),
        ("new --on-full ", ["rebase", "slide", "stop"]),
        ("append market --wait ", ["settled", "accepted"]),
        ("append market --wait=s", ["--wait=settled"]),
        ("append market --on-busy d", ["drop-oldest"]),
        ("append market a", []),
        ("ask market --max-t", ["--max-tokens"]),
        ("ask market --max-tokens 5 --max-", ["--max-age"]),
        ("ask market -- --max-", []),
        ("config set kv", ["kv_budget_mb", "kv_type"]),
        ("config set engine g", ["gpu"]),
        ("config set threads ", []),
        ("completion z", ["zsh"]),
        ("api G", ["GET"]),
        ("demo fe", ["feed"]),
        ("bench st", ["stream"]),
        ("help fl", ["flash"]),
        ("help flash g", ["get"]),
        ("help ask m", []),
        ("help as", ["ask"]),
        ("nonsense ", []),
        ("flash nonsense ", []),
    ],
)
def test_what_stands_here(named: Script, line: str, words: list[str]) -> None:
    assert offers(line) == words


@pytest.mark.parametrize(
    "line",
    [
        "ask market --schema ",
        "ask market --schema=x",
        "calibrate market x --truth t",
        "bench compare a",
        "bench stream --output ",
        "daemon start --model ./",
    ],
)
def test_files_only_where_they_belong(named: Script, line: str) -> None:
    assert FILES in candidates(line.split(" "))
    for other in ("", "ask ", "ask market ", "append market ", "ps ", "ask market --timeout "):
        assert FILES not in candidates(other.split(" "))


def test_models_and_files_where_a_model_is_wanted(named: Script) -> None:
    assert "embedded" in offers("model use ")
    assert FILES in candidates(["plan", ""])


def test_commands_and_options_come_with_a_word_about_them(named: Script) -> None:
    shown = {name: line for name, (_, line) in COMMANDS.items() if not name.startswith("_")}
    assert dict(candidates([""])) == shown
    assert ("get", "Print the answer of a question; exit code 6 when it is not fresh.") in (
        candidates(["flash", ""])
    )
    found = dict(candidates(["ps", "--"]))
    assert found["--json"] == "Print JSON, errors too."
    assert "--help" in found
    assert dict(candidates(["ask", ""]))["market"] == "0 lines"
