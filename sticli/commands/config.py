"""`sticli config`: where settings come from, what they are, and changes of their file."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from sticli import config, paths, settings_file
from sticli.errors import SticliError
from sticli.invocation import Invocation, argument, document, of
from sticli.render import table

Key = Annotated[str, typer.Argument(metavar="SETTING", help="Name of the setting.")]
EDITORS = ("sensible-editor", "nano", "vi")  # where nobody says which
IN_FORCE = "`sticli daemon restart` puts it in force"
HEAD = "# Settings of sticli; `sticli config show` says what they are and which are in force.\n"

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
    """Print every setting: its value, where that is from, what it means."""
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
    key: Key,
) -> None:
    """Print the value of a setting."""
    settings, origin = config.load(paths.resolve().config_file)
    if key not in config.DOC:
        raise SticliError("not_found", f"no setting {key!r}", f"known: {', '.join(config.DOC)}")
    value = getattr(settings, key)
    document(key=key, value=value, origin=origin[key]) if of(context).json else print(value)


@app.command("set")
def put(
    context: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
) -> None:
    """Set a setting in the settings file; nothing else in it changes."""
    found = config.value(key, argument(value))
    if key == "model":
        found = _model(argument(value))
    file = paths.resolve().config_file
    settings_file.put(file, key, found)
    changed(of(context), file, key, found)


@app.command()
def unset(context: typer.Context, key: Key) -> None:
    """Remove a setting from the settings file: its default holds again."""
    if key not in config.DOC:
        config.value(key, "")  # says which it may be
    file = paths.resolve().config_file
    settings_file.put(file, key, None)
    changed(of(context), file, key, None)


@app.command()
def edit(context: typer.Context) -> None:
    """Open the settings file in $VISUAL or $EDITOR, then check it."""
    file = paths.resolve().config_file
    if not file.exists():
        settings_file.begin(file, HEAD + "".join(map(_described, config.DOC)))
    words = [*shlex.split(_editor()), str(file)]
    import subprocess  # only here: a command line that changes nothing need not load it

    try:
        failed = subprocess.run(words, check=False).returncode
    except OSError as error:
        raise SticliError("not_found", f"{words[0]}: {error.strerror}", "set EDITOR") from None
    if failed:
        raise SticliError("internal", f"{words[0]} ended with {failed}", "set EDITOR to another")
    config.load(file, {})
    of(context).note(f"{file} is in order; {IN_FORCE}")


def changed(call: Invocation, file: Path, key: str, value: object, then: str = IN_FORCE) -> None:
    """Tell what a change of the file comes to, and what is to do then."""
    if call.json:
        document(key=key, value=value, file=str(file))
    said = f"removed {key} from" if value is None else f"set {key} = {value!r} in"
    call.note(f"{said} {file}" + (f"; {then}" if then else ""))
    if (name := config.PREFIX + key.upper()) in os.environ:
        call.note(f"{name}={os.environ[name]} of the environment is stronger than the file")


def _model(text: str) -> str:
    """The path of a model whose header is in order; empty for the embedded one."""
    from sticli.models.find import chosen

    return chosen(text)


def _editor() -> str:
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    found = named or next(filter(shutil.which, EDITORS), "")
    if not found:
        raise SticliError("not_found", "no editor is known", "set VISUAL or EDITOR to one")
    return found


def _described(key: str) -> str:
    """A setting as a remark, with its meaning and its default."""
    default = settings_file.spelled(key, getattr(config.Settings(), key))
    return f"\n# {config.DOC[key]}\n# {key} = {default}\n"
