"""`sticli doctor`: what keeps this machine from working, and what to do about it."""

import sys
from collections.abc import Iterator
from dataclasses import asdict

import typer

from sticli.doctor import engine, places, running
from sticli.doctor.check import Check
from sticli.errors import FAILURE, SticliError
from sticli.invocation import document, of
from sticli.paths import resolve
from sticli.render import table


def doctor(context: typer.Context) -> None:
    """Check the installation; exit code 1 when there is a problem."""
    call = of(context)
    checks = list(_checks())
    good = all(check.ok for check in checks)
    if call.json:
        found = [{**asdict(check), "result": check.result} for check in checks]
        document(ok=good, checks=found)
    else:
        rows = [(check.name, check.result, _said(check)) for check in checks]
        table(sys.stdout, ("CHECK", "RESULT", "FOUND"), rows)
    if not good:
        raise typer.Exit(FAILURE)


def _said(check: Check) -> str:
    return f"{check.found}: {check.advice}" if check.advice else check.found


def _checks() -> Iterator[Check]:
    where = resolve()
    try:
        process = engine.probe()  # while it computes the rest is looked at
    except SticliError as error:
        process = None
        yield Check("llama.cpp", False, error.message, error.hint)
    yield from places.checks(where)
    yield from engine.checks(where)
    if process:
        yield engine.probed(process)
    yield from running.checks(where)
