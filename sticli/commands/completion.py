"""`sticli completion`: the scripts that shells load, and the answers that those ask for."""

import sys
from typing import Annotated

import typer

from sticli.completion.shells import SCRIPTS, harmless, typed
from sticli.errors import SticliError


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell."""
    if shell not in SCRIPTS:
        raise SticliError(
            "bad_request", f"no completion for {shell}", f"choose one of {', '.join(SCRIPTS)}"
        )
    sys.stdout.write(SCRIPTS[shell])


def complete(shell: str, words: list[str]) -> None:
    """Print what the last of the words may become.

    Instead of words bash gives its line as it stands, and the letters that it breaks lines at.
    """
    from sticli.completion.candidates import FILES, candidates

    kept, quote = 0, ""
    if shell == "bash":
        (_, *words), kept, quote = typed(words[0], words[1])
    for word, about in candidates(words):
        shown = harmless(word[kept:], quote) if shell == "bash" else word
        if (word, about) == FILES or (shown and word.isprintable()):
            print(f"{shown}\t{about}")
