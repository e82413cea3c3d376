"""The shape of the house: who may import whom, what is packaged, how long a file may be."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"sticli": "sticli", "daemon": "sticli.daemon", "kernels": "sticli.kernels"}
LONGEST_FILE = 300
HEAVY = {
    *("torch", "llama_cpp", "llguidance", "textual", "numpy"),
    *("starlette", "uvicorn", "jinja2", "gguf", "rich", "huggingface_hub"),
}


def sources(folder: str) -> Iterator[Path]:
    """The Python files of a top folder, links left out."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        if not any(parent.is_symlink() for parent in path.parents):
            yield path


def imports(path: Path, *, typing: bool = True) -> set[str]:
    """The names of modules that a file imports, anywhere in it, or only where it runs."""
    found = set()
    for node in _nodes(ast.parse(path.read_text("utf-8")), typing=typing):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _nodes(node: ast.AST, *, typing: bool) -> Iterator[ast.AST]:
    """All of a tree, but for what only type checkers read where that is not wanted."""
    yield node
    if isinstance(node, ast.If) and not typing and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child, typing=typing)


def crossing(folder: str, forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(folder)
        for name in imports(path)
        if name == forbidden or name.startswith(forbidden + ".")
    ]


def test_client_never_imports_the_daemon() -> None:
    assert [hit for hit in crossing("sticli", "sticli.daemon") if "sticli/bench/" not in hit] == []


def test_only_the_gpu_engine_and_its_bench_import_kernels() -> None:
    hits = [hit for hit in crossing("daemon", "sticli.kernels") if "daemon/engines/gpu/" not in hit]
    clients = crossing("sticli", "sticli.kernels")
    assert hits + [hit for hit in clients if "sticli/bench/gpu/" not in hit] == []


def test_no_two_files_need_each_other() -> None:
    """What only type checkers read is left out: a part may name the whole that it is of."""
    files = {_module(folder, path): path for folder in FOLDERS for path in sources(folder)}
    needs = {name: {*files} & imports(path, typing=False) for name, path in files.items()}
    TopologicalSorter(needs).prepare()


def _module(folder: str, path: Path) -> str:
    inside = path.relative_to(ROOT / folder).with_suffix("").parts
    return ".".join([FOLDERS[folder], *(part for part in inside if part != "__init__")])


def test_one_file_of_the_worker_imports_the_grammars() -> None:
    files = [
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in sources(folder)
        if any(name.split(".")[0] == "llguidance" for name in imports(path))
    ]
    assert files == ["daemon/worker/guide.py"]


def test_the_front_loads_no_engine_and_no_grammar() -> None:
    code = "import sys, sticli.daemon.front; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"llama_cpp", "llguidance", "torch"} & {name.split(".")[0] for name in loaded}


def test_kernels_know_nothing_of_ours() -> None:
    names = [name for path in sources("kernels") for name in imports(path)]
    assert [name for name in names if name.split(".")[0] == "sticli"] == [
        name for name in names if name.startswith("sticli.kernels")
    ]


def test_no_file_imports_pickle_or_evaluates() -> None:
    banned = {"pickle", "marshal", "shelve", "diskcache"}
    for folder in FOLDERS:
        for path in sources(folder):
            assert not banned & imports(path), path
            calls = [node for node in ast.walk(ast.parse(path.read_text())) if is_eval(node)]
            assert not calls, path


def is_eval(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("eval", "exec")
    )


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_no_file_is_long(folder: str) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in sources(folder)}
    assert {path: n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_every_package_is_listed() -> None:
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    found = {
        ".".join([FOLDERS[folder], *path.parent.relative_to(ROOT / folder).parts])
        for folder in FOLDERS
        for path in sources(folder)
        if path.name == "__init__.py"
    }
    assert listed == found


def test_links_lead_to_the_folders() -> None:
    for name in ("daemon", "kernels"):
        link = ROOT / "sticli" / name
        assert link.is_symlink()
        assert link.resolve() == ROOT / name


@pytest.mark.parametrize(
    "module",
    [
        *("sticli.cli", "sticli.client", "sticli.commands.ask", "sticli.commands.plan"),
        *("sticli.demo.world.market", "sticli.models.hub"),
    ],
)
def test_client_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not HEAVY & {name.split(".")[0] for name in loaded}


def loaded_by(*words: str) -> set[str]:
    """The modules that one run of the program loads."""
    code = (
        "import atexit, sys; from sticli.__main__ import main; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    program = [sys.executable, "-P", "-c", code, *words]
    done = subprocess.run(program, capture_output=True, text=True)
    return {*done.stderr.splitlines()[-1].split()}


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (("--help",), set()),
        ((), set()),
        (("aks",), set()),
        (("_complete", "bash", "--", "sticli ", "="), {"completion"}),
        (("ask", "--help"), {"ask", "form"}),
        (("_complete", "bash", "--", "sticli ps ", "="), {"completion", "ps"}),
    ],
)
def test_a_start_loads_only_the_command_named(words: tuple[str, ...], own: set[str]) -> None:
    loaded = loaded_by(*words)
    assert "sticli.catalogue" in loaded
    below = {name for name in loaded if name.startswith("sticli.commands.")}
    assert below == {f"sticli.commands.{name}" for name in own}
    slow = {"asyncio", "http", "email"} | ({"msgspec"} if own <= {"completion"} else set())
    assert not (HEAVY | slow) & {name.split(".")[0] for name in loaded}


def test_base_install_does_not_need_torch() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [need for need in project["dependencies"] if need.startswith(("torch", "triton"))]
