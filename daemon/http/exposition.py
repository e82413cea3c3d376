"""Prometheus' text exposition format 0.0.4: families of samples, as lines."""

import math
from collections.abc import Iterable, Mapping

import msgspec

MEDIA_TYPE = "text/plain; version=0.0.4"


class Family(msgspec.Struct, frozen=True):
    """What one name means; `kind` is counter, gauge, summary or untyped."""

    name: str
    kind: str
    help: str


class Sample(msgspec.Struct, frozen=True):
    """One value of a family; `suffix` tells a summary's sum and count from its quantiles."""

    family: str
    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


def render(families: Iterable[Family], samples: Iterable[Sample]) -> str:
    """All samples, together by family; a family that has none is left out."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.family, []).append(sample)
    return "".join(_family(one, found[one.name]) for one in families if one.name in found)


def _family(family: Family, samples: Iterable[Sample]) -> str:
    text = family.help.replace("\\", r"\\").replace("\n", r"\n")
    head = f"# HELP {family.name} {text}\n# TYPE {family.name} {family.kind}\n"
    return head + "".join(map(_line, samples))


def _line(sample: Sample) -> str:
    pairs = ",".join(f'{name}="{_escape(value)}"' for name, value in sample.labels.items())
    labels = f"{{{pairs}}}" if pairs else ""
    return f"{sample.family}{sample.suffix}{labels} {_number(sample.value)}\n"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    if math.isfinite(value):
        return str(int(value)) if value == int(value) else repr(float(value))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
