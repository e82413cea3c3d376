"""`python -m sticli` is `sticli`; a Ctrl-C while the program loads is no accident either."""

import os
import sys

INTERRUPTED = 130  # as errors.py has it, which takes as long to load as Python itself


def main() -> None:
    """The program, from its first import."""
    try:
        from sticli.quick import answered

        if not answered(sys.argv[1:]):
            from sticli.cli import main as run

            run()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
