"""The units of a systemd user service: their text, where they lie, and whose they are.

A first line marks a file as ours and says what we wrote: what a person has edited since is theirs.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sticli.errors import SticliError
from sticli.paths import Paths
from sticli.place import UNIT, awaited, rooted, units

SOCKET, SERVICE = UNIT, "sticli.service"
MARK = re.compile(r"# written by `sticli daemon install-service`: ([0-9a-f]{16})\n")
# Where things lie: what moves them here has to move them for the service as well.
CARRIED = (
    *("STICLI_HOME", "STICLI_SOCKET"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
)
TEMPORARY = ("/tmp", "/var/tmp")

SOCKET_UNIT = """\
[Unit]
Description=Socket of sticli, which starts it when somebody connects
Documentation=man:sticli-daemon(8)

[Socket]
ListenStream={socket}
SocketMode=0600
DirectoryMode=0700
RemoveOnStop=yes
Backlog=512

[Install]
WantedBy=sockets.target
"""

SERVICE_UNIT = """\
[Unit]
Description=sticli: ask a local language model about a stream, now
Documentation=man:sticli-daemon(8)
Requires={socket_unit}
After={socket_unit}

[Service]
Type=notify
NotifyAccess=main
# The colon: a $ in the path is a $.
ExecStart=:{command}
{environment}
Restart=on-failure
RestartSec=1
WatchdogSec=60
# A stop writes the snapshots of all sessions.
TimeoutStopSec=120
# A worker that is killed for want of memory is started again by the daemon.
OOMPolicy=continue
KillMode=mixed

# Commands of `flash add --exec` run in here too: without a network, and with a home that is
# read-only. `systemctl --user edit sticli.service` loosens what they need, for example with
# [Service] RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6.
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
{sandbox}
# Left out: MemoryDenyWriteExecute, for Triton and CUDA compile kernels into memory; PrivateDevices
# and DevicePolicy, for the GPU is a device; ProtectKernelTunables and the like, which no user may
# touch anyway, and which fail in many containers.
"""

SANDBOX = """\
# These need user namespaces.
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={folders}
ProtectControlGroups=yes
"""
PRIVATE_TMP = "PrivateTmp=yes\n"
SHARED_TMP = """\
# Left out: PrivateTmp, for something of sticli's lies in a temporary folder.
ReadWritePaths=-/tmp -/var/tmp
"""
NO_SANDBOX = "# Left out: what needs user namespaces, which this system does not let users have.\n"


@dataclass(frozen=True)
class Plan:
    """What the units have to know of this installation."""

    paths: Paths
    interpreter: str
    environ: Mapping[str, str]
    model: str = ""  # the setting: it has to be readable from inside
    namespaces: bool = True  # whether a user may have them here

    def units(self) -> dict[str, str]:
        """The text of each unit by its name, marked."""
        service = SERVICE_UNIT.format(
            socket_unit=SOCKET,
            command=f"{_program(self.interpreter)} -P -m sticli.daemon",
            environment="\n".join(self._environment()),
            sandbox=self._sandbox(),
        )
        socket = SOCKET_UNIT.format(socket=escaped(str(self.paths.socket)))
        return {SOCKET: marked(socket), SERVICE: marked(service)}

    def _environment(self) -> Iterator[str]:
        environ = rooted(self.environ)
        found = {name: value for name in CARRIED if (value := environ.get(name))}
        # Kernels are compiled once, though the home is read-only.
        found["CUDA_CACHE_PATH"] = str(self.paths.cache / "cuda")
        for name, value in found.items():
            yield "Environment=" + quoted(f"{name}={value}")

    def _sandbox(self) -> str:
        if not self.namespaces:
            return NO_SANDBOX
        folders = dict.fromkeys(str(folder) for folder in self.paths.private)
        text = SANDBOX.format(folders=" ".join(quoted(f"-{folder}") for folder in folders))
        places = [*folders, str(self.paths.config), self.interpreter, self.model]
        return text + (SHARED_TMP if any(map(_temporary, places)) else PRIVATE_TMP)


def _program(interpreter: str) -> str:
    """The program as a word of ExecStart.

    Raises:
        SticliError: systemd would not run it.
    """
    if set(interpreter) & set("\"'\\"):
        what = f"systemd runs no program whose path has a quote or a backslash: {interpreter}"
        raise SticliError("bad_request", what, "move the installation to a plainer path")
    return quoted(interpreter)


def quoted(text: str) -> str:
    """One word for systemd: blanks, quotes and backslashes kept, no specifier read."""
    inside = escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def escaped(text: str) -> str:
    """Text in which systemd reads no specifier, and nothing but this text.

    Raises:
        SticliError: no unit can hold it: it has a line break, say, or would join the next line.
    """
    if text.endswith(("\\", " ")) or not text.replace(" ", "").isprintable():
        what = f"no unit of systemd can hold this path: {text!r}"
        raise SticliError("bad_request", what, "move it to a folder with a plainer name")
    return text.replace("%", "%%")


def marked(text: str) -> str:
    """The text below a line that says that we wrote it so."""
    return f"# written by `sticli daemon install-service`: {_digest(text)}\n{text}"


def edited(text: str) -> bool:
    """Whether a unit is not as we wrote it."""
    found = MARK.match(text)
    return not found or found[1] != _digest(text[found.end() :])


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where a user's units lie."""
    return Path(units(environ))


def named(unit: Path, key: str) -> str | None:
    """The value of the first line `key=…` of a unit; None without one."""
    try:
        text = unit.read_text("utf-8", "replace")
    except OSError:
        return None
    found = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def program(command: str) -> str:
    """The program of an ExecStart line."""
    found = re.match(r'[@:+!-]*(?:"((?:[^"\\]|\\.)*)"|(\S+))', command)
    word = (found and (found[1] or found[2])) or ""
    return re.sub(r"\\(.)", r"\1", word).replace("%%", "%")


def failed() -> bool:
    """Whether systemd has given up socket or service."""
    if not shutil.which("systemctl"):
        return False
    command = ["systemctl", "--user", "is-failed", "--quiet", SOCKET, SERVICE]
    try:
        return subprocess.run(command, capture_output=True, timeout=2).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def installed(paths: Paths) -> bool:
    """Whether our socket unit is for this socket."""
    return awaited(str(paths.socket))


def systemctl(*words: str) -> str | None:
    """What `systemctl --user` says; None where there is none, or it does not work."""
    if not shutil.which("systemctl"):
        return None
    command = ["systemctl", "--user", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def namespaces() -> bool:
    """Whether a user may have namespaces here; where that cannot be tried it is believed."""
    if not shutil.which("unshare"):
        return True
    command = ["unshare", "--user", "--map-root-user", "--mount", "true"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _temporary(place: str) -> bool:
    return any(os.path.realpath(place).startswith(f"{one}/") for one in TEMPORARY if place)
