"""`python -m sticli` is `sticli`; a Ctrl-C while the program loads is no accident either."""

import gc
import os
import sys

INTERRUPTED = 130  # as errors.py has it, whose import takes as long as Python's own start


def main() -> None:
    """The program, from its first import."""
    gc.disable()  # nothing that is loaded is garbage, and to look for it takes a sixteenth
    _hear_silently()
    from sticli.quick import answered

    if not answered(sys.argv[1:]):
        from sticli.cli import main as run

        run()


def _hear_silently() -> None:
    """Let a Ctrl-C end the program without a word, until a command begins: cli.py."""
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
