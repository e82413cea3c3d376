"""Wrong answers as they were, for the card."""

from collections.abc import Sequence

from sticli.demo.exam.record import Answered, Played, flat

MOST = 8
LONGEST = 60  # characters of an answer that are shown


def chosen(played: Sequence[Played], most: int = MOST) -> list[Answered]:
    """The surest wrong answer of each kind, the most frequently wrong kinds first."""
    wrong: dict[str, list[Answered]] = {}
    for _, asked in flat(played):
        if not asked.right:
            wrong.setdefault(asked.kind, []).append(asked)
    kinds = sorted(wrong, key=lambda kind: (-len(wrong[kind]), kind))
    return [max(wrong[kind], key=lambda asked: asked.lead) for kind in kinds[:most]]


def render(played: Sequence[Played]) -> str:
    """Each with the lines that it was about, indented as text in Markdown."""
    return "\n\n".join(map(_one, chosen(played))) or "None was wrong."


def _one(asked: Answered) -> str:
    told = f"`{asked.kind}` at {asked.length:,} tokens, lead {asked.lead:.1f}:"
    lines = [
        *asked.near,
        "",
        asked.text,
        f"answered {asked.answer[:LONGEST]!r}, right is {asked.truth!r}",
    ]
    return "\n".join([told, "", *(f"    {line}".rstrip() for line in lines)])
