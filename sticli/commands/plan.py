"""`sticli plan`: whether a model fits on this machine, before it is loaded or even fetched."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sticli.commands.model import Model
from sticli.errors import SticliError
from sticli.invocation import document, of
from sticli.models import find, reference
from sticli.models.header import Header, read_header
from sticli.models.here import planned
from sticli.models.memory import Memory
from sticli.models.plan import Plan, Wish
from sticli.render import count, plural, size, table


def plan(
    context: typer.Context,
    model: Model = find.EMBEDDED,
    cells: Annotated[
        int, typer.Option("--context", min=0, metavar="N", help="Cells of a session.")
    ] = 0,
    sessions: Annotated[
        int, typer.Option(min=1, metavar="N", help="Sessions at work at once.")
    ] = 1,
    kv_type: Annotated[
        str, typer.Option(metavar="f16|bf16|q8", help="Numbers in the caches.")
    ] = "",
) -> None:
    """Say whether a model and its sessions fit on this machine."""
    header, path = _header(model)
    found = planned(header, path, Wish(cells, sessions), kv_type)
    if of(context).json:
        return document(model=header.name or path.stem, **_fields(found))
    table(sys.stdout, ("WHAT", "VALUE"), list(_rows(header.name or path.stem, found)))


def _header(model: str) -> tuple[Header, Path]:
    """The header of a model that is here, else of one of the hub."""
    try:
        path = find.find(model)
    except SticliError as error:
        if not model.startswith(reference.PREFIX) or error.code != "not_found":
            raise
        from sticli.models import hub

        remote, _ = hub.locate(reference.parse(model))
        return hub.header(remote), Path(remote.file)
    return read_header(path), path


def _fields(found: Plan) -> dict[str, object]:
    sums = {"session": found.session, "at_once": found.at_once, "in_host": found.in_host}
    return asdict(found) | sums


def _rows(name: str, found: Plan) -> Iterator[tuple[str, str]]:
    yield "model", name
    yield "engine", f"{found.engine} ({found.reason})"
    yield "weights", size(found.weights)
    if found.cell:
        yield "a cell", f"{count(found.cell)} B as {found.kv_type}"
        yield "1,000 tokens", size(1000 * found.cell)
        yield "a session", f"{plural(found.context, 'cell')}, {size(found.session)}"
        yield "for cells", f"{size(found.room)}: {plural(found.at_once, 'session')} at once"
        yield "in main memory", f"{size(found.host_budget)}: {found.in_host:,} more"
    if found.recurrent:
        yield "state", "some or all layers keep a state of fixed size in place of cells"
    yield "memory", _memory(found.memory)
    yield "GPU", _memory(found.gpu)
    yield "verdict", found.said


def _memory(found: Memory | None) -> str:
    if not found:
        return "none, or nothing that could ask"
    name = f"{found.name}, " if found.name else ""
    return f"{name}{size(found.total)}, {size(found.free)} of them free"
