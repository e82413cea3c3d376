"""The form of an answer: free text, or what a program can read."""

import msgspec

LONGEST = 8 << 10  # bytes of a form as JSON: what takes longer to read is no form for an answer


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer has to look like: exactly one of these is given."""

    choices: list[str] | None = None  # one of these texts
    number: bool = False  # an integer or a decimal
    schema: dict[str, object] | None = None  # JSON that this JSON schema allows
