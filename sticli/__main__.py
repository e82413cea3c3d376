"""`python -m sticli` is `sticli`; a Ctrl-C while the program loads is no accident either."""

import os

from sticli.errors import INTERRUPTED


def main() -> None:
    """The program, from its first import."""
    try:
        from sticli.cli import main as run
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
