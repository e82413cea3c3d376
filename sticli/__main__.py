"""`python -m sticli` is `sticli`."""

from sticli.cli import main

main()
