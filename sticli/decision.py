"""What a decision's lead says against its gap, in words."""

from sticli.protocol import Flash


def decides(flash: Flash) -> bool:
    """Whether the flash question is a decision: its answer is one of a few choices."""
    return flash.form is not None and flash.form.choices is not None


def is_open(flash: Flash) -> bool:
    """Whether the decision was prepared and left open: only an ask will answer it."""
    return decides(flash) and flash.lead is not None and not flash.fresh


def reason(flash: Flash) -> str:
    """Why it did: the lead against the gap, as `below gap: 0.80 < 2`."""
    lead = flash.lead or 0.0
    if lead < flash.gap:
        return f"below gap: {lead:.2f} < {flash.gap:g}"
    return "the likeliest token begins no one choice"


def brief(flash: Flash) -> str:
    """The same as a cell of a table, beside its `standing`."""
    return "open: below gap" if (flash.lead or 0.0) < flash.gap else "open: no one choice"


def standing(flash: Flash) -> str:
    """The lead as a cell of a table."""
    if not decides(flash) or flash.lead is None:
        return "-"
    sign = "<" if flash.lead < flash.gap else ">="
    return f"{flash.lead:.2f} {sign} {flash.gap:g}"
