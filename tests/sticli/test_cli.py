"""How every run of the program ends: exit codes, and what goes to stdout and stderr."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sticli import cli
from sticli.errors import CODES
from sticli.words import FREE, OPTIONAL, hoist
from tests.sticli.conftest import SLOW, Run, command, start
from tests.sticli.scripted import Script


def test_alone_it_says_what_to_do_next(sticli: Run) -> None:
    done = sticli()
    assert (done.returncode, done.stderr) == (0, "")
    assert "sticli demo" in done.stdout


def test_help_names_commands_and_exit_codes(sticli: Run) -> None:
    done = sticli("--help")
    assert done.returncode == 0
    for name in cli.COMMANDS:
        assert name.startswith("_") or f"  {name} " in done.stdout
    for code in {exit_code for _, exit_code in CODES.values()} | {130, 143}:
        assert re.search(rf"\b{code} ", done.stdout), code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nonsense",), 2),
        (("ask",), 2),
        (("ask", "s", "?", "--max-tokens", "none"), 2),
        (("ask", "s", "?", "--max-age", "soon"), 2),
        (("ask", "s"), 2),
        (("flash",), 2),
        (("log", "nobody"), 3),
        (("ask", "nobody", "?"), 3),
        (("api", "GET", "nonsense"), 2),
        (("completion", "tcsh"), 2),
        (("config", "get", "nonsense"), 3),
        (("daemon", "start", "--model", "/no/such/file"), 3),
        (("daemon", "logs"), 3),
        (("rm", "nobody", "--yes"), 3),
    ],
)
def test_errors_are_one_line_or_one_document(
    script: Script, sticli: Run, words: tuple[str, ...], code: int
) -> None:
    done = sticli(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("sticli: ")
    assert done.stderr.count("\n") == 1
    as_json = sticli(*words, "--json")
    assert (as_json.returncode, as_json.stderr) == (code, "")
    assert set(json.loads(as_json.stdout)["error"]) == {"code", "message", "hint"}


def test_no_daemon_is_4(home: Path, sticli: Run) -> None:
    done = sticli("ps", "--no-autostart", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "unreachable"


def test_another_protocol_is_4(script: Script, sticli: Run) -> None:
    script.protocol = 99
    done = sticli("ps")
    assert done.returncode == 4
    assert "daemon restart" in done.stderr


def test_a_socket_path_that_is_too_long_is_said(
    sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_SOCKET", "/tmp/" + "x" * 120)
    assert sticli("ps").returncode == 2


def test_global_options_work_anywhere_before_two_dashes() -> None:
    assert hoist(["ask", "s", "-v", "q", "--json"]) == ["-v", "--json", "ask", "s", "q"]
    assert hoist(["append", "s", "--", "-q"]) == ["append", "s", "--", "-q"]
    late = ["ask", "s", "what", "now", "--timeout", "5s", "-v"]
    assert hoist(late) == ["-v", "ask", "s", "what", "now", "--timeout", "5s"]


@pytest.mark.parametrize(
    "words", ["append m run ls -v now", "ask m what -q is it", "append m --wait accepted a -j -- b"]
)
def test_an_option_inside_a_text_is_refused(sticli: Run, words: str) -> None:
    done = sticli(*words.split())
    assert done.returncode == 2
    assert "put -- before" in done.stdout + done.stderr


def test_options_that_take_a_value_are_known() -> None:
    commands = getattr(typer.main.get_command(cli.build()), "commands", {})
    for name, valued in FREE.items():
        options = [p for p in commands[name].params if p.param_type_name == "option"]
        found = {one for p in options if not p.is_flag for one in p.opts}
        assert found - set(OPTIONAL.get(name, ())) == valued


def test_closed_streams_and_narrow_ones_are_no_accident(script: Script) -> None:
    script.sessions["s"] = ["größer"]
    for words in ("ps >&-", "ps >&- 2>&-", "ps <&- >&-"):
        line = f"{shlex.join(command())} {words}"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=SLOW)
        assert (done.returncode, done.stderr) == (0, "")
    environ = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        command("log", "s"), env=environ, capture_output=True, text=True, timeout=SLOW
    )
    assert (done.stdout, done.stderr) == ("gr\\xf6\\xdfer\n", "")


def test_version_and_help_are_short(sticli: Run) -> None:
    assert sticli("--version").stdout.startswith("sticli ")
    assert "Usage: sticli flash add" in sticli("flash", "add", "-h").stdout
    assert "see `sticli flash add --help`" in sticli("flash", "add").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("watch --interval x", "'--interval': 'x' is no number (see `sticli watch --help`)"),
        ("events --since x", "'--since': 'x' is no whole number (see `sticli events --help`)"),
        ("flash add s q --max-tokens x", "'x' is no whole number (see `sticli flash add --help`)"),
        ("watch --hlep", "--hlep. Did you mean --help? (see `sticli watch --help`)"),
    ],
)
def test_wrong_usage_is_said_in_the_words_of_people(sticli: Run, words: str, said: str) -> None:
    done = sticli(*words.split())
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(said)


def test_quiet_says_nothing_but_the_data(script: Script, sticli: Run) -> None:
    done = sticli("append", "s", "-q", input="a\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_reader_that_has_enough_is_no_error(script: Script) -> None:
    script.sessions["s"] = [f"line {n}" for n in range(200_000)]
    with start("log", "s") as process:
        assert process.stdout
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
        assert process.wait(SLOW) == 0


def test_a_full_disk_is_said(script: Script) -> None:
    script.sessions["s"] = ["a"] * 10
    for words in (("log", "s"), ("ps", "--json")):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                command(*words), stdout=full, stderr=subprocess.PIPE, text=True, timeout=SLOW
            )
        assert done.returncode == 1
        assert "No space left" in done.stderr
        assert done.stderr.count("\n") == 1


def on_a_terminal(*words: str, **environ: str) -> str:
    """What the program writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | environ
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # how a terminal says that nobody writes any more
            break
        if not data:
            break
        shown += data
    os.close(ours)
    process.wait(SLOW)
    return shown.decode("utf-8", "replace")


def test_hostile_answers_and_lines_do_nothing_to_a_terminal(script: Script) -> None:
    script.sessions["s"] = ["\x1b[31mred\x1b]0;evil\x07", "\u202etxt", "bell\x07\x9b2J"]
    script.pieces = ["\x1b", "[2Jcleared", "\x9b31m", "\x1b]0;x", "\x07ok"]
    raw = ("api", "GET", "/v1/sessions/s/lines")
    for words in (raw, ("log", "s"), ("log", "s", "--json"), ("ask", "s", "?")):
        shown = on_a_terminal(*words)
        assert not set("\x1b\x07\x9b\u202e") & set(shown), shown
    assert "cleared" in shown
    assert "ok" in shown


def test_colours_only_where_they_are_wanted(script: Script) -> None:
    script.sessions["s"] = []
    assert "\x1b[" in on_a_terminal("ps", TERM="xterm")
    for environ in ({"NO_COLOR": "1"}, {"STICLI_NO_COLOR": "1"}, {"TERM": "dumb"}):
        environ = {"TERM": "xterm"} | environ
        assert "\x1b" not in on_a_terminal("ps", **environ)


def test_a_terminal_sees_what_is_waited_for_and_then_the_answer_grow(script: Script) -> None:
    script.sessions["s"] = []
    script.progress = [
        {"state": "restoring", "message": "from disk"},
        {"state": "restoring", "message": "from disk, 5\x1b[2J0 %"},
    ]
    shown = on_a_terminal("ask", "s", "?", TERM="xterm")
    assert shown == (
        "\r\x1b[Ksticli: from disk\r\n\r\x1b[Ksticli: from disk, 50 %\r\x1b[K131.25\r\n"
    )
    assert script.asked["pieces"]
    assert "from disk, 50" not in on_a_terminal("ask", "s", "?", TERM="dumb")


def test_a_pipe_gets_plain_columns(script: Script, sticli: Run) -> None:
    script.sessions["s"] = ["a"]
    head, row = sticli("ps").stdout.splitlines()
    assert head.split()[:4] == ["NAME", "STATE", "PLACE", "LINES"]
    assert row.split()[:4] == ["s", "live", "-", "1"]
    assert not {"\t", "\x1b"} & set(head + row)


@pytest.mark.parametrize("words", [("--help",), ("ask", "s", "?"), ("_complete", "--", "")])
def test_nothing_heavy_is_imported(script: Script, words: tuple[str, ...]) -> None:
    script.sessions["s"] = []
    code = (
        "import sys, sticli.cli\n"
        f"sys.argv = ['sticli', *{words!r}]\n"
        "try: sticli.cli.main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    heavy = {"torch", "numpy", "llama_cpp", "textual", "rich", "starlette", "uvicorn", "jinja2"}
    assert "sticli" in loaded
    assert not loaded & heavy
    assert "sticli.daemon" not in done.stderr.split()
