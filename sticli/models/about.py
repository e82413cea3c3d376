"""Everything that a model's file says about it, and which engine of this machine would run it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sticli import config, paths
from sticli.config import Settings
from sticli.models import cache, gap, shape
from sticli.models.engine import running, unsupported
from sticli.models.header import Header
from sticli.render import count, size

_WORDS = {
    "chat_template": "chat template",
    "kv_heads": "heads of keys",
    "not_gpu": "not the gpu engine",
    "cell_bytes": "a cell",
    "gap": "gap of decisions",
}
_BYTES = ("size", "weights", "cell_bytes")


def about(path: Path, header: Header, settings: Settings | None = None) -> dict[str, object]:
    """What is known of a model; what is not is empty or 0. Sizes are bytes."""
    settings = settings or config.load(paths.resolve().config_file)[0]
    chosen = running(header, path, settings)
    heads = sorted({*shape.heads(header)})
    return {
        "name": header.name or path.stem,
        "path": str(path),
        "size": path.stat().st_size,
        "architecture": header.architecture,
        "parameters": shape.parameters(header),
        "quantisation": shape.quantisation(header),
        "weights": shape.weights(header),
        "mixture": dict(shape.mixture(header)),
        "context": shape.context(header),
        "layers": shape.layers(header),
        "heads": shape.number(header, "attention.head_count"),
        "kv_heads": heads[-1] if heads else 0,
        "cell_bytes": shape.cell_bytes(header, settings.kv_type, chosen.engine),
        "recurrent": shape.recurrent(header),
        "vocabulary": shape.vocabulary(header),
        "chat_template": bool(shape.text(header, "tokenizer.chat_template")),
        "gap": gap.named(header),
        "licence": shape.text(header, "general.license"),
        "sha256": cache.recorded(path),
        "engine": chosen.engine,
        "because": chosen.reason,
        "not_gpu": unsupported(header, path),
    }


def rows(found: Mapping[str, object]) -> list[tuple[str, str]]:
    """The same for people; what is not known is left out."""
    shown = [(_WORDS.get(key, key), _said(key, value)) for key, value in found.items()]
    return [(key, value) for key, value in shown if value]


def _said(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return "" if not value else size(value) if key in _BYTES else count(value)
    if isinstance(value, dict):
        return ", ".join(_shares(value))
    return str(value)


def _shares(mixture: Mapping[str, int]) -> Iterator[str]:
    """Each type of numbers, and its share of all bytes."""
    total = sum(mixture.values()) or 1
    for name, held in mixture.items():
        yield f"{name} {100 * held / total:.1f} %"
