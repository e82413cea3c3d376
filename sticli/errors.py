"""What can go wrong, as one line for a person and one code for a program."""

import errno
from dataclasses import dataclass

OK, FAILURE, USAGE, NOT_FOUND, UNREACHABLE, REFUSED, NOT_FRESH, PERMISSION = range(8)
TIMEOUT, INTERRUPTED = 124, 130

# code → (HTTP status, exit code of the command line)
CODES: dict[str, tuple[int, int]] = {
    "bad_request": (400, USAGE),
    "not_found": (404, NOT_FOUND),
    "exists": (409, FAILURE),
    "sequence_gap": (409, FAILURE),
    "taken": (409, FAILURE),
    "context_length_exceeded": (400, REFUSED),
    "too_large": (413, REFUSED),
    "budget_exceeded": (503, REFUSED),
    "busy": (503, REFUSED),
    "not_fresh": (404, NOT_FRESH),
    "permission": (403, PERMISSION),
    "storage": (507, FAILURE),
    "model": (422, FAILURE),
    "unreachable": (503, UNREACHABLE),
    "version_mismatch": (426, UNREACHABLE),
    "worker_down": (503, UNREACHABLE),
    "timeout": (504, TIMEOUT),
    "internal": (500, FAILURE),
}


DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
REMEDIES = {  # what to do where the system refuses
    errno.EACCES: "run as the user who owns it, or give access",
    errno.EPERM: "run as the user who owns it, or give access",
    errno.EROFS: "name a place that can be written",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOSPC: "free some disk space",
    errno.EDQUOT: "free some disk space, or ask for a larger quota",
    errno.EMFILE: "raise the limit of open files: `ulimit -n`",
    errno.ENFILE: "close some programs: the system's table of files is full",
    errno.ENOMEM: "free some memory",
}


@dataclass
class SticliError(Exception):
    """A situation of the user: what happened and why, and a hint of what to do."""

    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    @property
    def status(self) -> int:
        """The HTTP status that carries this error."""
        return CODES.get(self.code, CODES["internal"])[0]

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends with this error."""
        return CODES.get(self.code, CODES["internal"])[1]


def refused(error: OSError, what: object = "standard output") -> SticliError:
    """What the system refused, and for which file; `what` where the system names none."""
    code = "permission" if error.errno in DENIED else "internal"
    hint = REMEDIES.get(error.errno or 0, "`sticli doctor` looks at files, memory and disk")
    return SticliError(code, f"{error.filename or what}: {error.strerror or error}", hint)


def failed(what: str, error: Exception) -> SticliError:
    """A mistake of ours, or of an engine, where its consequence is met; the log has all of it."""
    return SticliError("internal", f"{what}: {error}", "see `sticli daemon logs`")
