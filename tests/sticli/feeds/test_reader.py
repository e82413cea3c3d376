"""A descriptor is read to its end; one that cannot be read ends the input and loses nothing."""

import os
from pathlib import Path

from sticli.feeds.choice import Choice
from sticli.feeds.intake import Intake
from sticli.feeds.pipeline import Pipeline
from sticli.feeds.reader import Reader
from sticli.feeds.spool import Spool


def read(source: int, intake: Intake) -> Reader:
    """Until it ends."""
    wake, other = os.pipe()
    one = Reader(source, intake)
    one.run(wake, lambda: None, None)
    os.close(wake)
    os.close(other)
    return one


def test_a_folder_is_no_input(tmp_path: Path) -> None:
    intake = Intake(Pipeline(Choice()), Spool())
    source = os.open(tmp_path, os.O_RDONLY)
    one = read(source, intake)
    os.close(source)
    assert not one.ended
    assert str(intake.refusal).startswith("standard input: Is a directory")


def test_who_reads_the_same_pipe_takes_nothing_away(tmp_path: Path) -> None:
    """As after another process was quicker: there is nothing, though there was said to be."""
    spool = Spool()
    intake = Intake(Pipeline(Choice()), spool)
    source, end = os.pipe()
    os.set_blocking(source, False)
    one = Reader(source, intake)
    assert one._read(end)
    os.write(end, b"a\nb\n")
    os.close(end)
    one = read(source, intake)
    os.close(source)
    intake.finish()
    assert one.ended
    piece = spool.take()
    assert piece is not None
    assert piece.lines == ["a", "b"]
