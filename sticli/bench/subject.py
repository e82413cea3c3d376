"""The model that is put to the test: found, made or shipped, and what its file says about it."""

import math
from dataclasses import dataclass
from pathlib import Path

from gguf.constants import LlamaFileType

from sticli.bench.stage import Subject
from sticli.errors import SticliError
from sticli.models.find import embedded_model
from sticli.models.header import Header, read_header


@dataclass(frozen=True, slots=True)
class Wish:
    """Which model the command line asked for; all empty: the embedded one."""

    file: str = ""
    shape: str = ""
    weights: str = ""


def find(wish: Wish, seed: int) -> tuple[Subject, dict[str, str]]:
    """The model, and the facts of it for the report.

    Raises:
        SticliError: there is no such file or shape, or the file is no model.
    """
    if wish.file and wish.shape:
        raise SticliError(
            "bad_request", "--model and --shape both name a model", "give one of them"
        )
    if wish.weights and not wish.shape:
        raise SticliError("bad_request", "--weights belongs to --shape", "add --shape NAME")
    path = _path(wish, seed)
    header = read_header(path)
    context = header.values.get(f"{header.architecture}.context_length")
    trained = context if isinstance(context, int) else 0
    subject = Subject(path, header.name or path.stem, trained, bool(wish.shape))
    return subject, _facts(path, header, subject)


def _path(wish: Wish, seed: int) -> Path:
    if wish.shape:
        from sticli.bench import synthetic

        return synthetic.model(wish.shape, wish.weights, seed)
    if not wish.file:
        return embedded_model()
    path = Path(wish.file).expanduser().absolute()
    if not path.is_file():
        raise SticliError(
            "not_found", f"no model file at {path}", "give the path of a GGUF file that is there"
        )
    return path


def _facts(path: Path, header: Header, subject: Subject) -> dict[str, str]:
    """What decides how much work a pass is; no path, for that is nobody's business."""
    values, name = header.values, header.architecture
    weights = sum(math.prod(item.shape) for item in header.tensors.values())
    kind = values.get("general.file_type")
    known = {one.value: one.name.removeprefix("MOSTLY_") for one in LlamaFileType}
    return {
        "name": subject.name,
        "file": f"{path.name}, {path.stat().st_size / 1e6:,.1f} MB",
        "architecture": name,
        "parameters": f"{weights / 1e6:,.1f} million",
        "weights": known.get(kind, "not said") if isinstance(kind, int) else "not said",
        "layers": str(values.get(f"{name}.block_count", "?")),
        "width": str(values.get(f"{name}.embedding_length", "?")),
        "vocabulary": str(header.lengths.get("tokenizer.ggml.tokens", "?")),
        "context": f"{subject.context:,}",
    } | ({"synthetic": "random weights: answers mean nothing"} if subject.synthetic else {})
