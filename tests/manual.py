"""A man page as it can be compared with the program: its paragraphs, without roff."""

import re
from dataclasses import dataclass
from functools import cache

from tests.source import ROOT

ESCAPED = {r"\-": "-", r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\e": "\\", r"\&": "", "\\ ": " "}
MACRO = re.compile(r"^\.(?:[BIR]|[BIR]{2}|SH|SS|TP|TQ|IP|PP|RS|RE|br|nf|fi|nh|ad|TH)\b ?(.*)$")


@dataclass(frozen=True)
class Entry:
    """A tagged paragraph: what it is about, what it says, and where it stands."""

    head: str
    text: str
    section: str


@cache
def source(page: str) -> str:
    """The page as it is written."""
    return (ROOT / "man" / page).read_text("utf-8")


@cache
def entries(page: str) -> tuple[Entry, ...]:
    """The tagged paragraphs, in order."""
    found: list[Entry] = []
    section, lines = "", source(page).split("\n")
    for number, line in enumerate(lines):
        if line.startswith((".SH", ".SS")):
            section = plain(line)
        elif line[:3] in (".TP", ".TQ"):
            body = []
            for one in lines[number + 2 :]:
                if one[:3] in (".TP", ".TQ", ".SH", ".SS", ".RE", ".RS", ".PP"):
                    break
                body.append(plain(one))
            found.append(Entry(plain(lines[number + 1]), " ".join(body), section))
    return tuple(found)


def section(page: str, name: str) -> tuple[Entry, ...]:
    """The tagged paragraphs of one section."""
    return tuple(entry for entry in entries(page) if entry.section == name)


def text(page: str) -> str:
    """All words of the page on one line."""
    return " ".join(map(plain, source(page).split("\n")))


def typed(page: str) -> list[str]:
    """What is bold, or stands in an example: what a person types."""
    found, example = [], False
    for line in source(page).split("\n"):
        example = line == ".nf" or (example and line != ".fi")
        if example or re.match(r"\.B[IR]? ", line):
            found.append(plain(line))
        else:
            found += [plain(bold) for bold in re.findall(r"\\fB(.*?)\\fR", line)]
    return found


def plain(line: str) -> str:
    """A line without macros, fonts and escapes."""
    if found := MACRO.match(line):
        words = re.findall(r'"((?:[^"]|"")*)"|(\S+)', found[1])
        joined = "" if re.match(r"\.[BIR]{2}\b", line) else " "
        line = joined.join((quoted or bare).replace('""', '"') for quoted, bare in words)
    line = re.sub(r"\\f(?:\[\w*\]|\w)", "", line)
    for written, meant in ESCAPED.items():
        line = line.replace(written, meant)
    return line
