"""The Hugging Face hub: what a repository holds, and bytes of its files. Needs the network."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sticli import __version__
from sticli.errors import SticliError
from sticli.models import reference
from sticli.models.cache import SHA256
from sticli.models.header import Cut, Header, parse, refusal
from sticli.models.reference import Choice, Reference

PATIENCE = 30.0  # seconds until the hub begins to answer about a repository
FIRST, MOST = 1 << 20, 64 << 20  # bytes of a file that are asked for to see its header
PARTIAL = 206  # HTTP: a range and not the whole
QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_XET": "1",  # it cannot go on where it was cut off; plain HTTP can
}
_REVISION = re.compile("[0-9a-f]{40}")
ADMITTED = "log in with `hf auth login`, or set HF_TOKEN, once the hub has let you in"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file of a repository at one revision: its bytes and their hash in hex."""

    repository: str
    file: str
    revision: str
    size: int
    sha256: str


def library() -> Any:
    """The hub's own library, without its telemetry, bars and notes.

    It reads most of its settings when it is imported: HF_HUB_OFFLINE and the like.
    """
    os.environ.update(QUIET)
    import huggingface_hub.constants
    import huggingface_hub.errors
    import huggingface_hub.utils

    huggingface_hub.utils.logging.set_verbosity_error()
    return huggingface_hub


def endpoint() -> str:
    """Where the hub is, or the mirror that HF_ENDPOINT names."""
    named = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    return named or str(library().constants.ENDPOINT)


def locate(wanted: Reference) -> tuple[Remote, Choice]:
    """The file that a reference means, as the hub tells of it now.

    Raises:
        SticliError: it cannot be told or reached, or nothing is known to check it by.
    """
    hub = library()
    with plainly(wanted.repository):
        api = hub.HfApi(endpoint(), library_name="sticli", library_version=__version__)
        found = api.model_info(wanted.repository, files_metadata=True, timeout=PATIENCE)
        files = {one.rfilename: one for one in found.siblings or () if _inside(one.rfilename)}
        revision = found.sha if _REVISION.fullmatch(found.sha or "") else ""
        choice = reference.choose(wanted, list(files))
        stored = files[choice.file].lfs
        if stored and revision and SHA256.fullmatch(stored.sha256):
            size = int(stored.size)
            return Remote(wanted.repository, choice.file, revision, size, stored.sha256), choice
    raise SticliError(
        "model",
        f"the hub tells no sha256 of {choice.file}, so that it could not be checked",
        "download it yourself and give its path",
    )


def header(remote: Remote) -> Header:
    """The header of a file, of which no more is fetched than needed.

    Raises:
        SticliError: it makes no sense, or the hub cannot be reached.
    """
    data, end = b"", min(FIRST, remote.size)
    while True:
        with plainly(remote.repository), stream(remote, len(data), end) as reply:
            data = data if reply.status_code == PARTIAL else b""
            for piece in reply.iter_bytes():
                data += piece
                if len(data) >= end:
                    break
        try:
            return parse(data, remote.size)
        except Cut as error:
            if not end < min(MOST, remote.size):
                raise refusal(remote.file, str(error)) from None
            end = min(4 * end, MOST, remote.size)
        except ValueError as error:
            raise refusal(remote.file, str(error)) from None


@contextlib.contextmanager
def stream(remote: Remote, start: int, end: int = 0) -> Iterator[Any]:
    """The hub's reply with a file's bytes from `start` (to `end`); it may send them all."""
    hub = library()
    headers = hub.utils.build_hf_headers(library_name="sticli", library_version=__version__)
    headers |= {"Accept-Encoding": "identity"} | _range(start, end)
    url = hub.hf_hub_url(
        remote.repository, remote.file, revision=remote.revision, endpoint=endpoint()
    )
    timeout = hub.constants.HF_HUB_DOWNLOAD_TIMEOUT
    with hub.get_session().stream("GET", url, headers=headers, timeout=timeout) as reply:
        hub.utils.hf_raise_for_status(reply)
        yield reply


def _inside(file: str) -> bool:
    """Whether a name leads to nowhere but into its repository, and can be told in a line."""
    return file.isprintable() and not {"", "..", "."} & {*file.split("/")}


def _range(start: int, end: int) -> dict[str, str]:
    return {"Range": f"bytes={start}-{end - 1 if end else ''}"} if start or end else {}


@contextlib.contextmanager
def plainly(repository: str) -> Iterator[None]:
    """What may go wrong with the hub, in one line each.

    Raises:
        SticliError: not_found, permission, busy or unreachable.
    """
    hub = library()
    try:
        yield
    except hub.errors.OfflineModeIsEnabled:
        raise SticliError(
            "unreachable", f"{repository} is not asked for: HF_HUB_OFFLINE is set", "unset it"
        ) from None
    except hub.errors.GatedRepoError:
        page = f"{endpoint()}/{repository}"
        raise SticliError("permission", f"{repository} is gated: ask at {page}", ADMITTED) from None
    except hub.errors.HfHubHTTPError as error:
        raise _refused(repository, error.response.status_code) from None
    except hub.errors.HFValidationError:
        why = f"{repository!r} can be no name of a repository"
        raise SticliError("bad_request", why, reference.FORM) from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise SticliError(
            "unreachable",
            f"{endpoint()} does not answer as a hub does ({type(error).__name__})",
            "see whether HF_ENDPOINT is right, and no page to log in to the network is in between",
        ) from None
    except hub.errors.HTTPError as error:
        why = str(error) or type(error).__name__
        raise SticliError(
            "unreachable",
            f"{endpoint()} cannot be reached: {why}",
            "see to the network, HTTPS_PROXY or HF_ENDPOINT",
        ) from None


def _refused(repository: str, status: int) -> SticliError:
    """What an HTTP status of the hub means."""
    if status in (401, 404):
        return SticliError(
            "not_found",
            f"the hub has no {repository}, or it is private (HTTP {status})",
            f"check its name; if it is private, {ADMITTED}",
        )
    if status == 403:
        return SticliError(
            "permission", f"the hub does not let you read {repository} (HTTP 403)", ADMITTED
        )
    if status == 429:
        return SticliError(
            "busy", "the hub gets too many requests from here (HTTP 429)", "try again in minutes"
        )
    return SticliError(
        "unreachable", f"the hub failed with HTTP {status} for {repository}", "try again later"
    )
