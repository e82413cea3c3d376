"""What a person wants done with each line of a feed, as the options of `append` say it."""

import shlex
from dataclasses import dataclass

from sticli.errors import SticliError

FORMATS = ("plain", "jsonl", "csv")


@dataclass(frozen=True)
class Choice:
    """The options; as they are by default nothing is done."""

    format: str = "plain"
    fields: tuple[str, ...] = ()
    template: str | None = None
    header: bool = True  # of a CSV
    delimiter: str = ","
    strict: bool = False
    grep: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    dedupe: bool = False
    sample: int = 1  # one line of so many
    timestamp: str | None = None  # as strftime has it

    def __post_init__(self) -> None:
        """Raises SticliError where options do not fit each other."""
        if self.format not in FORMATS:
            raise _bad(f"--format {self.format} is no format", f"allowed: {', '.join(FORMATS)}")
        if self.format == "plain" and (self.fields or self.template is not None or self.strict):
            raise _bad(
                "--fields, --template and --strict need lines that have fields",
                "add --format jsonl or --format csv",
            )
        if self.format != "csv" and (not self.header or self.delimiter != ","):
            raise _bad("--no-header and --delimiter are for CSV", "add --format csv")
        if self.template is not None and self.fields and self.header:
            raise _bad("--fields and --template both say what to keep", "give one of them")
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n':
            raise _bad(
                f"--delimiter {self.delimiter!r} is not one", "give one ASCII character, or tab"
            )

    def words(self) -> list[str]:
        """The options again, as they would be typed."""
        said = [f"--format {self.format}"] if self.format != "plain" else []
        valued = [("fields", ",".join(self.fields)), ("template", self.template)]
        valued += [("grep", one) for one in self.grep] + [("exclude", one) for one in self.exclude]
        said += [f"--{name} {shlex.quote(value)}" for name, value in valued if value]
        said += ["--no-header"] if not self.header else []
        said += [f"--delimiter {shlex.quote(self.delimiter)}"] if self.delimiter != "," else []
        said += [f"--{name}" for name in ("strict", "dedupe") if getattr(self, name)]
        said += [f"--sample 1/{self.sample}"] if self.sample > 1 else []
        return said + ([f"--timestamp={shlex.quote(self.timestamp)}"] if self.timestamp else [])


def fields(text: str | None) -> tuple[str, ...]:
    """The names in `a,b.c`.

    Raises:
        SticliError: one of them is empty.
    """
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise _bad(f"--fields {text}: a name is empty", "separate names by commas: a,b.c")
    return names


def sample(text: str | None) -> int:
    """The 10 in `1/10`.

    Raises:
        SticliError: it is no such fraction.
    """
    if text is None:
        return 1
    one, slash, many = text.partition("/")
    if one.strip() != "1" or not slash or not many.strip().isdecimal() or int(many) < 1:
        raise _bad(f"--sample {text} is no share", "say 1/10 for every tenth line")
    return int(many)


def _bad(message: str, hint: str) -> SticliError:
    return SticliError("bad_request", message, hint)
