"""A strict reader of Prometheus' text format 0.0.4; what breaks a rule fails."""

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
LINE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (\S+)")
KINDS = ("counter", "gauge", "histogram", "summary", "untyped")
PLAIN = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Labels = frozenset[tuple[str, str]]


@dataclass
class Family:
    kind: str
    help: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)  # (suffix, labels)


def parse(text: str) -> dict[str, Family]:
    """Every family by name."""
    assert text.endswith("\n")
    found: dict[str, Family] = {}
    name = ""
    lines = iter(text[:-1].split("\n"))
    for line in lines:
        if line.startswith("# HELP "):
            _, _, name, words = line.split(" ", 3)
            kind = next(lines).removeprefix(f"# TYPE {name} ")
            assert kind in KINDS, kind
            assert words.strip()
            assert re.fullmatch(NAME, name)
            assert name not in found, f"{name} comes in two pieces"
            found[name] = Family(kind, words)
        else:
            suffix, labels, value = _sample(line, name)
            assert (suffix, labels) not in found[name].samples, line
            found[name].samples[suffix, labels] = value
    for name, family in found.items():
        _check(name, family)
    return found


def _sample(line: str, name: str) -> tuple[str, Labels, float]:
    match = LINE.fullmatch(line)
    assert match, line
    pairs = re.findall(LABEL, match[2] or "")
    assert len({key for key, _ in pairs}) == len(pairs), line
    suffix = match[1].removeprefix(name)
    assert match[1] == name + suffix, f"{line} stands under {name}"
    labels = frozenset(
        (key, re.sub(r"\\.", lambda found: PLAIN[found[0]], text)) for key, text in pairs
    )
    return suffix, labels, float(match[match.lastindex or 0])


def _check(name: str, family: Family) -> None:
    assert family.samples, name
    assert (family.kind == "counter") == name.endswith("_total"), name
    for suffix, labels in family.samples:
        allowed = ("", "_sum", "_count") if family.kind == "summary" else ("",)
        assert suffix in allowed, name + suffix
        quantile = dict(labels).get("quantile")
        assert (quantile is not None) == (family.kind == "summary" and not suffix), name
        assert quantile is None or 0 <= float(quantile) <= 1
        if family.kind == "counter":
            assert family.samples[suffix, labels] >= 0
