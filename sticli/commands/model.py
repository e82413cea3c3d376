"""`sticli model`: fetch models, see what there is, choose one."""

import sys
from shlex import quote
from typing import Annotated

import typer

from sticli import paths, settings_file
from sticli.commands import config as settings
from sticli.errors import SticliError
from sticli.invocation import document, of
from sticli.models import cache, find, listing, removal, shape
from sticli.models.digest import digest
from sticli.models.header import read_header
from sticli.models.transfer import Transfer
from sticli.render import count, one_line, size, table

app = typer.Typer(help="Models: fetch them, see them, choose one.", rich_markup_mode=None)
Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A path, `embedded`, hf:ORG/REPO[:FILE|:QUANT], or a part of a pulled file's name.",
    ),
]
HEADS = ("MODEL", "SIZE", "QUANT", "ARCH", "CONTEXT", "FROM", "STATE")


@app.command("ls")
def listed(context: typer.Context) -> None:
    """List the models that are here."""
    found = listing.entries(paths.resolve())
    if of(context).json:
        return document(models=[one.facts() for one in found])
    table(sys.stdout, HEADS, [_row(one) for one in found])


def _row(one: listing.Entry) -> tuple[str, ...]:
    if not one.header:
        return one.name, "-", "-", "-", "-", one.origin, one.problem
    header = one.header
    return (
        one.name,
        size(one.path.stat().st_size),
        shape.quantisation(header),
        header.architecture,
        count(shape.context(header)),
        one.origin,
        one.marks,
    )


@app.command()
def pull(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="HF", help="hf:ORG/REPO, hf:ORG/REPO:FILE.gguf or hf:ORG/REPO:QUANT."
        ),
    ],
) -> None:
    """Fetch a model from the Hugging Face hub."""
    from sticli.commands.pull import pull as fetch  # its library is slow to load

    fetch(of(context), source)


@app.command()
def inspect(context: typer.Context, model: Model = find.EMBEDDED) -> None:
    """Show what a model's file says about it."""
    from sticli.models import about

    path = find.find(model)
    found = about.about(path, read_header(path))
    if of(context).json:
        return document(**found)
    table(sys.stdout, ("WHAT", "VALUE"), about.rows(found))


@app.command()
def use(
    context: typer.Context,
    model: Model,
    restart: Annotated[
        bool, typer.Option("--restart", help="Restart the daemon with it at once.")
    ] = False,
) -> None:
    """Choose the model that the daemon runs."""
    call = of(context)
    path = find.chosen(model)
    file = paths.resolve().config_file
    settings_file.put(file, "model", path or None)
    then = f"`sticli model use {quote(model)} --restart` puts it in force at once"
    settings.changed(call, file, "model", path or None, "" if restart else then)
    if restart:
        from sticli.commands import daemon

        daemon.renew(call, paths.resolve())


@app.command()
def verify(context: typer.Context, model: Model = find.EMBEDDED) -> None:
    """Check that a model's file is whole."""
    call, path = of(context), find.find(model)
    header, recorded = read_header(path), cache.recorded(path)
    with Transfer(wanted=not call.quiet) as transfer:
        found = digest(path, transfer.tell, f"checking {path.name}")
    if recorded and found != recorded:
        raise SticliError(
            "model",
            f"{path} is damaged: its sha256 is {found}, the hub said {recorded}",
            f"`sticli model rm {quote(model)}`, then pull it again",
        )
    if call.json:
        return document(path=str(path), sha256=found, recorded=recorded or None, ok=True)
    print(found)
    tensors = f"all {len(header.tensors):,} tensors lie within the file"
    same = "its sha256 is what the hub said" if recorded else "no sha256 is known to compare with"
    call.note(f"{path.name}: {tensors}, {same}")


@app.command()
def rm(
    context: typer.Context,
    model: Model,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a pulled model that is not in use."""
    call = of(context)
    found = _removable(model)
    length = found.path.stat().st_size
    if not yes:
        _confirm(found, length)
    freed = removal.remove(found)
    if call.json:
        document(removed=found.reference, freed=freed)
    call.note(f"removed {found.reference}: {size(freed)} freed")


def _removable(model: str) -> cache.Pulled:
    """The pulled model that is meant, if it is not in use.

    Raises:
        SticliError: it is, or was not pulled.
    """
    found = find.removable(model)
    now = listing.use(paths.resolve())
    for other, why, hint in (
        (now.running, "the daemon runs it", "`sticli model use embedded --restart`"),
        (now.settings, "the settings name it", "`sticli model use embedded`"),
    ):
        if any(listing.same(one, other) for one in removal.revisions(found)):
            raise SticliError("busy", f"{found.name} is in use: {why}", f"first {hint}")
    return found


def _confirm(found: cache.Pulled, length: int) -> None:
    what = f"{one_line(found.reference)} ({size(length)})"
    if not sys.stdin.isatty():
        raise SticliError("bad_request", f"removing {what} deletes it", "confirm with --yes")
    if not typer.confirm(f"Remove {what}?", err=True):
        raise typer.Exit(1)
