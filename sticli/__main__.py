"""`python -m sticli` is `sticli`; a Ctrl-C while the program loads is no accident either."""

import signal
import sys


def main() -> None:
    """The program, from its first import."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # silent; until a command begins: cli.py
    from sticli.quick import answered

    if not answered(sys.argv[1:]):
        from sticli.cli import main as run

        run()


if __name__ == "__main__":
    main()
