"""`sticli model pull`: a model of the hub, fetched, checked, and told whether it fits."""

from pathlib import Path
from shlex import quote

from sticli.errors import SticliError
from sticli.invocation import Invocation, document
from sticli.models import fetch, find, hub, reference
from sticli.models.header import read_header
from sticli.models.here import planned
from sticli.models.hub import Remote
from sticli.models.plan import Wish
from sticli.models.reference import Reference
from sticli.models.transfer import Transfer
from sticli.render import size


def pull(call: Invocation, source: str) -> None:
    """Fetch the file, say what it is and where.

    Raises:
        SticliError: what kept it from being fetched, or from being of use.
    """
    wanted = reference.parse(source)
    try:
        remote, choice = hub.locate(wanted)
    except SticliError as error:
        if error.code != "unreachable":
            raise
        return _finish(call, wanted, _kept(wanted, call, error), fetched=False)
    if choice.reason:
        call.note(f"{choice.file} ({choice.reason})")
    path, fetched = _fetch(call, remote)
    _finish(call, wanted, path, fetched=fetched)


def _kept(wanted: Reference, call: Invocation, error: SticliError) -> Path:
    """What was pulled before, where the hub does not answer.

    Raises:
        SticliError: nothing was.
    """
    try:
        path = find.find_pulled(str(wanted)).path
    except SticliError:
        raise error from None
    call.note(f"{error.message}; it was pulled before")
    return path


def _fetch(call: Invocation, remote: Remote) -> tuple[Path, bool]:
    had = fetch.present(remote)
    if had < remote.size:
        rest = f", {size(had)} of them here already" if had else ""
        call.note(f"fetching {remote.file}, {size(remote.size)}{rest}")
    try:
        with Transfer(wanted=not call.quiet) as transfer:
            return fetch.fetch(remote, transfer.tell)
    except (KeyboardInterrupt, SystemExit):
        kept = f"{size(fetch.present(remote))} of {size(remote.size)}"
        call.note(f"stopped: {kept} are kept; run it again to go on")
        raise


def _finish(call: Invocation, wanted: Reference, path: Path, *, fetched: bool) -> None:
    try:
        header = read_header(path)
    except SticliError as error:
        hint = f"`sticli model rm {quote(path.name)}` frees it"
        raise SticliError(error.code, error.message, hint) from None
    found = planned(header, path, Wish())
    if call.json:
        return document(
            repository=wanted.repository,
            path=str(path),
            size=path.stat().st_size,
            fetched=fetched,
            verdict=found.verdict,
            advice=found.advice,
        )
    call.note(f"{path.name}: {'fetched and checked' if fetched else 'here already'}")
    call.note(f"{found.said}; `sticli model use {quote(path.name)}` chooses it")
    print(path)
