"""How a model fits on this machine as it is now, under the settings."""

from pathlib import Path

from sticli import config, paths
from sticli.errors import SticliError
from sticli.models import hparams, memory
from sticli.models import plan as plans
from sticli.models.engine import running
from sticli.models.header import Header
from sticli.models.plan import Plan, Wish


def planned(header: Header, path: Path, wish: Wish, kv_type: str = "") -> Plan:
    """The plan for a model, its sessions as wished.

    Raises:
        SticliError: the settings are wrong, or the engine that they name cannot run it.
    """
    settings, _ = config.load(paths.resolve().config_file, kv_type=kv_type or None)
    chosen = running(header, path, settings)
    if chosen.engine == "llama.cpp" and settings.kv_type != "f16":
        raise SticliError(
            "bad_request",
            f"kv_type {settings.kv_type} is for the gpu engine, and llama.cpp would run the model:"
            f" {chosen.reason}",
            "plan with --kv-type f16",
        )
    if chosen.engine == "gpu":
        hparams.read(header, path)
    return plans.plan(header, chosen, settings, wish, memory.host(), memory.gpu())
