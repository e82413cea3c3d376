"""Where options may stand among the words of a command line; what they mean is the parser's."""

from sticli.errors import SticliError

GLOBAL = {"-j", "--json", "-q", "--quiet", "-v", "--verbose", "--no-autostart"}

# commands that end in free words → their options that take a value
FREE = {
    "append": {
        *("--follow", "-F", "--from", "--format", "--fields", "--template", "--delimiter"),
        *("--grep", "--exclude", "--sample", "--wait", "--producer", "--on-busy"),
    },
    "ask": {"--at", "--choices", "--schema", "--max-age", "--max-tokens", "--timeout"},
}
# options whose value may be left out, after a = only → what they have then
OPTIONAL = {"append": {"--timestamp": "--timestamp=%Y-%m-%d %H:%M:%S"}}


def hoist(words: list[str]) -> list[str]:
    """The words with the global options in front, where the parser wants them.

    Raises:
        SticliError: an option stands between the words of a text.
    """
    end = words.index("--") if "--" in words else len(words)
    name = first(words[:end])
    if name in FREE:
        place = words.index(name) + 1
        _check_text(name, words[place:end], words[end + 1 :])
    ahead = [word for word in words[:end] if word in GLOBAL]
    whole = OPTIONAL.get(name, {})
    rest = [whole.get(word, word) for word in words[:end] if word not in GLOBAL]
    return ahead + rest + words[end:]


def spelt(words: list[str]) -> list[str]:
    """`help COMMAND` as `COMMAND --help`."""
    return [*words[1:], "--help"] if words[:1] == ["help"] else words


def first(words: list[str]) -> str:
    """The first word that is no option: the name of a command, or nothing."""
    return next((word for word in words if not word.startswith("-")), "")


def wants_json(words: list[str]) -> bool:
    """Whether errors too are to be JSON."""
    end = words.index("--") if "--" in words else len(words)
    return bool({"-j", "--json"} & set(words[:end]))


def _check_text(name: str, words: list[str], plain: list[str]) -> None:
    """Refuse an option with free words (`plain` ones too) on both sides: it may be meant as one."""
    places, inside, value = 0, "", False
    for word in words:
        if value:
            value = False
        elif word.startswith("-") and word != "-":
            inside = inside or (word if places > 1 else "")  # the first place is the session
            value = word in FREE[name]
        else:
            places += 1
            if inside:
                raise _refusal(name, inside)
    if inside and plain:
        raise _refusal(name, inside)


def _refusal(name: str, option: str) -> SticliError:
    return SticliError(
        "bad_request",
        f"the option {option} stands inside the text",
        f"put -- before a text that holds it: `sticli {name} SESSION -- TEXT`",
    )
