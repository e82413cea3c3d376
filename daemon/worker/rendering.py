"""A model's chat template, rendered with marks and split at them.

The template is untrusted text of the model file: `main` runs as a child process with limits, in
Jinja's sandbox. Imports little: it starts once for every start of the worker.
"""

import json
import resource
import sys
from datetime import datetime

import jinja2
import msgspec
from jinja2.sandbox import ImmutableSandboxedEnvironment

# odd on purpose: trimmed, escaped or re-cased, a mark is not found again
MARKS = ("sticli&System<Q7z>", "sticli&Data<Q7z>", "sticli&Question<Q7z>")
LIMIT = 256 << 10  # characters of a template, and of what it renders
MEMORY = 1 << 30  # bytes of address space
CPU_SECONDS = 3
DATE = datetime(2024, 7, 26)  # what Llama's own template takes; today's would change a session


class Source(msgspec.Struct, frozen=True):
    """What there is to render."""

    template: str
    bos: str
    eos: str


class Parts(msgspec.Struct, frozen=True):
    """What a template writes around the session's own text."""

    kind: str  # how the system text is placed; or "plain", and why
    head: str  # before the system text
    middle: str  # between the system text and the data
    after: str  # after the question
    plain: bool = False  # no template: questions and answers are marked by words
    has_system: bool = True


def plain(reason: str = "") -> Parts:
    """The form of a model without a template, or with one that does not work."""
    return Parts(f"plain: {reason}" if reason else "plain", "", "\n\n", "", plain=True)


def render(source: Source) -> Parts:
    """Split a template by rendering it with marks; run only where limits hold.

    A system message of its own is tried first, then one folded into the user's.
    """
    if len(source.template) > LIMIT:
        return plain("its template is too long")
    system, data, question = MARKS
    user = f"{data}\n{question}"
    alone = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    folded = [{"role": "user", "content": f"{system}\n\n{user}"}]
    first = _attempt(source, alone, "system")
    if isinstance(first, Parts):
        return first
    second = _attempt(source, folded, "folded")
    return second if isinstance(second, Parts) else plain(second)


def _attempt(source: Source, messages: list[dict[str, str]], kind: str) -> Parts | str:
    """The parts, or why there are none."""
    try:
        return _cut(_render(source, messages), kind)
    except jinja2.TemplateSyntaxError:
        return "its template is not valid"
    # whatever a template does wrong, in Python's words, is the template's fault
    except Exception as error:  # noqa: BLE001
        return f"its template fails ({type(error).__name__})"


def _render(source: Source, messages: list[dict[str, str]]) -> str:
    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {"raise_exception": refuse, "strftime_now": DATE.strftime}
    return environment.from_string(source.template).render(
        messages=messages,
        add_generation_prompt=True,
        enable_thinking=False,
        bos_token=source.bos,
        eos_token=source.eos,
    )


def _to_json(value: object, indent: int | None = None, **_: object) -> str:
    """As chat templates expect it: characters unescaped, no HTML in mind."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _cut(text: str, kind: str) -> Parts | str:
    """Split a rendered text at its marks."""
    system, data, question = MARKS
    if len(text) > LIMIT:
        return "its template renders too much"
    if text.count(data) != 1 or text.count(question) != 1 or text.count(system) > 1:
        return "its template loses or repeats what it is given"
    before, between, after = _around(text, data, question)
    if between != "\n" or system in after:
        return "its template changes what it is given"
    if system not in before:
        return Parts("without system", before, "", after, has_system=False)
    head, rest = before.split(system)
    return Parts(kind, head, rest, after)


def _around(text: str, first: str, second: str) -> tuple[str, str, str]:
    before, _, rest = text.partition(first)
    between, found, after = rest.partition(second)
    return before, between if found else "", after


def main() -> None:
    """The child: a template on stdin, its parts on stdout, both JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source = msgspec.json.decode(sys.stdin.buffer.read(), type=Source)
    sys.stdout.buffer.write(msgspec.json.encode(render(source)))


if __name__ == "__main__":
    main()
