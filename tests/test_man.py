"""The man pages say what is, and all of it: commands, options, settings, codes, files, routes."""

import ast
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sticli import config, errors, feed, paths, protocol
from sticli.commands.events import TYPES
from sticli.form import Form
from tests import manual, program
from tests.manual import Entry
from tests.source import ROOT, Scope, calls, modules
from tests.wording import texts

MAIN, SETTINGS, DAEMON = "sticli.1", "sticli-config.5", "sticli-daemon.8"
PAGES = (MAIN, SETTINGS, "sticli-errors.7", DAEMON)
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][a-z-]*")
BODIES = (
    *(protocol.NewSession, protocol.Fork, protocol.Append, protocol.Ask, protocol.NewFlash),
    *(protocol.Pin, feed.NewFeed),
)
# of other programs, or not for people
NOT_OURS = {"OMP_WAIT_POLICY", "TRITON_INTERPRET", "SUDO_USER", "SUDO_UID"}


def units() -> list[tuple[list[program.Path], list[Entry]]]:
    """Commands, and the options that stand below the last of them and are for all of them."""
    found: list[tuple[list[program.Path], list[Entry]]] = [([()], [])]
    for entry in manual.entries(MAIN):
        if entry.head.startswith("sticli "):
            if found[-1][1]:
                found.append(([], []))
            found[-1][0].append(_path(entry.head))
        elif entry.head.startswith("-"):
            found[-1][1].append(entry)
    return found


def _path(head: str) -> program.Path:
    """The words of a heading that name a command."""
    words = head.split()[1:]
    known = [tuple(words[:many]) for many in (2, 1) if tuple(words[:many]) in program.commands()]
    assert known, head
    return known[0]


def named(entries: list[Entry]) -> set[str]:
    return {option for entry in entries for option in OPTION.findall(entry.head)}


def parameters(path: program.Path) -> dict[str, Any]:
    return {name: one for one in program.commands()[path].params for name in one.opts}


def test_every_command_is_there_once() -> None:
    documented = [path for paths, _ in units() for path in paths]
    groups = {path for path, one in program.commands().items() if hasattr(one, "commands")}
    assert sorted(documented) == sorted(set(program.commands()) - groups | {(), ("demo",)})


def test_the_options_are_those_of_the_commands_above_them() -> None:
    for paths_, entries in units():
        known = set().union(*(program.options(program.commands()[path]) for path in paths_))
        assert named(entries) - {"-h", "--help"} == known, paths_


def test_every_option_has_its_value_and_its_default() -> None:
    for paths_, entries in units():
        for entry in entries:
            option = OPTION.findall(entry.head)[-1]
            for path in paths_:
                if one := parameters(path).get(option):
                    _check(entry, one)


def _check(entry: Entry, one: Any) -> None:
    metavar = one.metavar or (one.type.name == "choice" and "|".join(one.type.choices)) or ""
    assert metavar in entry.head.replace(" ", ""), entry
    if isinstance(one.default, str | int | float) and not isinstance(one.default, bool):
        shown = f"{one.default:g}" if isinstance(one.default, float) else str(one.default)
        assert one.default == 0 or shown in entry.text, entry


def test_every_exit_status_is_there() -> None:
    known = {exit_code for _, exit_code in errors.CODES.values()}
    known |= {errors.OK, errors.INTERRUPTED, 128 + 15}
    assert {int(entry.head) for entry in manual.section(MAIN, "EXIT STATUS")} == known


def settings() -> dict[str, tuple[str, Entry]]:
    found = {}
    for entry in manual.entries(SETTINGS):
        if one := re.fullmatch(r"([a-z_]+) = (.*)", entry.head):
            found[one[1]] = (one[2], entry)
    return found


def test_every_setting_is_there_with_its_kind_and_default() -> None:
    assert set(settings()) == set(config.DOC)
    defaults = msgspec.structs.asdict(config.Settings())
    for name, (value, entry) in settings().items():
        assert tomllib.loads(f"x = {value}")["x"] == defaults[name]
        kind = config.KINDS[config.Settings.__annotations__[name]]
        if allowed := config.CHOICES.get(name):
            assert entry.text.startswith("One of ")
            assert re.findall(r'"([\w.]+)"', entry.text)[: len(allowed)] == list(allowed)
        else:
            assert entry.text.lower().startswith(kind.removesuffix("text")), entry
        if name in config.RANGES:
            least, most = config.RANGES[name]
            assert f" from {least} " in entry.text
            assert most == config.LARGEST or f" to {most}:" in entry.text


def test_settings_that_pages_name_exist() -> None:
    for page in (MAIN, SETTINGS, DAEMON):
        text = manual.text(page)
        for name in re.findall(r"STICLI_([A-Z][A-Z_]*[A-Z])\b", text):
            known = name.lower() in config.DOC or f"STICLI_{name}" in read_variables()
            assert known or name == "NAME"


@cache
def read_variables() -> set[str]:
    """The environment variables that the program reads, as its source has them."""
    found = set()
    for module in modules().values():
        if not module.file.startswith(("sticli/bench", "sticli/demo")):
            for node in ast.walk(module.tree):
                found |= _variable(node)
    return found - NOT_OURS


def _variable(node: ast.AST) -> set[str]:
    """What `environ.get("X")`, `environ.pop("X", …)` or `envvar="X"` reads."""
    match node:
        case ast.Call(func=ast.Attribute(value=of, attr="get" | "pop"), args=[first, *_]):
            if ast.unparse(of).endswith("environ") and isinstance(first, ast.Constant):
                return {str(first.value)}
        case ast.keyword(arg="envvar", value=ast.Constant(value=name)):
            return {str(name)}
    return set()


def test_every_variable_is_there_and_is_read() -> None:
    told = set()
    for page in (MAIN, SETTINGS, DAEMON):
        for entry in manual.section(page, "ENVIRONMENT"):
            told |= set(re.findall(r"[A-Z][A-Z_]+[A-Z]", entry.head))
    by_libraries = {name for name in told if re.fullmatch(r"XDG_\w+_(HOME|DIR)|HF_\w+", name)}
    assert read_variables() <= told
    assert told - {"STICLI_NAME"} - by_libraries <= read_variables()


def test_every_file_is_where_the_pages_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STICLI_HOME", raising=False)
    monkeypatch.delenv("STICLI_SOCKET", raising=False)
    for kind in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "STATE_HOME", "RUNTIME_DIR"):
        (tmp_path / kind).mkdir()
        monkeypatch.setenv(f"XDG_{kind}", str(tmp_path / kind))
    found = paths.resolve()
    known = {found.config_file, found.database, found.snapshots, found.log, found.lock, found.key}
    expected = {str(path).replace(f"{tmp_path}/", "$XDG_") for path in {*known, found.socket}}
    told = {entry.head for entry in manual.section(DAEMON, "FILES")}
    assert {one for one in told if "/systemd/" not in one} == expected
    for page in (MAIN, SETTINGS):
        assert {entry.head for entry in manual.section(page, "FILES")} <= expected


def routes() -> set[str]:
    """The daemon's routes, as its table is written."""
    module = modules()["sticli.daemon.server"]
    scope = Scope(module, module.functions["build"])
    rows = [node for node in ast.walk(module.functions["build"]) if isinstance(node, ast.Tuple)]
    found = {" ".join(texts(cell, scope)[0] for cell in row.elts[:2]) for row in rows}
    assert len(found) > 20
    return found


def test_every_route_and_every_field_of_a_body_is_there() -> None:
    heads = {entry.head for entry in manual.entries(DAEMON)}
    assert {head for head in heads if re.match("(GET|PUT|POST|DELETE) /", head)} == routes()
    told = " ".join(entry.text for entry in manual.entries(DAEMON))
    for body in (*BODIES, Form):
        for name in body.__struct_fields__:
            assert re.search(rf"\b{name}\b", told), (body, name)


def test_everything_that_the_doctor_looks_at_is_there() -> None:
    made = [*calls()["Check"], *calls()["judged"]]
    scopes = [(one.node.args[0], Scope(one.module, one.function)) for one in made]
    known = {text for node, scope in scopes for text in texts(node, scope) if "‹" not in text}
    known |= {"config", "data", "cache", "state"}  # whose name is that of a folder
    heads = [entry.head for entry in manual.section("sticli-errors.7", "THE DOCTOR")]
    assert {name for head in heads for name in head.split(", ")} == known


def test_every_type_of_event_is_there() -> None:
    heads = {entry.head for entry in manual.section(DAEMON, "Events")}
    assert {head for head in heads if head.isalpha()} == set(TYPES)


@pytest.mark.parametrize("page", [MAIN, SETTINGS, DAEMON])
def test_the_commands_that_it_names_exist(page: str) -> None:
    found = [words for line in manual.typed(page) for words in program.uses(line)]
    assert len(found) > 5
    assert {" ".join(words): wrong for words in found if (wrong := program.unknown(words))} == {}


@pytest.mark.parametrize("page", PAGES)
def test_it_is_installed_where_man_looks(page: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    files = project["tool"]["setuptools"]["data-files"]
    assert f"man/{page}" in files[f"share/man/man{page[-1]}"]


@pytest.mark.skipif(not shutil.which("man") or not shutil.which("groff"), reason="no man or groff")
@pytest.mark.parametrize("page", PAGES)
def test_man_shows_it_without_a_warning(page: str) -> None:
    words = ["man", "-l", "--warnings", "-E", "UTF-8", str(ROOT / "man" / page)]
    environ = {"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}
    done = subprocess.run(words, capture_output=True, text=True, env=environ, check=True)
    assert done.stderr == ""
    assert max(map(len, done.stdout.split("\n"))) <= 80
