"""`sticli config`: where settings come from and what they are. The file is edited by its owner."""

import sys
from typing import Annotated

import typer

from sticli import config, paths
from sticli.errors import SticliError
from sticli.invocation import document, of
from sticli.render import table

app = typer.Typer(help="Settings: where they come from, what they are.", rich_markup_mode=None)


@app.command()
def path(context: typer.Context) -> None:
    """Print where the settings file belongs."""
    file = paths.resolve().config_file
    if of(context).json:
        return document(path=str(file), exists=file.exists())
    print(file)


@app.command()
def show(context: typer.Context) -> None:
    """Print every setting, its value, where it comes from and what it means."""
    settings, origin = config.load(paths.resolve().config_file)
    if of(context).json:
        values = {key: {"value": getattr(settings, key), "from": origin[key]} for key in config.DOC}
        return document(settings=values)
    rows = [
        (key, str(getattr(settings, key)) or '""', origin[key], config.DOC[key])
        for key in config.DOC
    ]
    table(sys.stdout, ("SETTING", "VALUE", "FROM", "MEANING"), rows)


@app.command()
def get(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="SETTING", help="Name of the setting.")],
) -> None:
    """Print the value of a setting."""
    settings, origin = config.load(paths.resolve().config_file)
    if key not in config.DOC:
        raise SticliError("not_found", f"no setting {key!r}", f"known: {', '.join(config.DOC)}")
    value = getattr(settings, key)
    document(key=key, value=value, origin=origin[key]) if of(context).json else print(value)
