"""The file of answers: what is written is read, and what was cut short is asked again."""

from pathlib import Path

import msgspec
import pytest

from sticli.demo.exam import record
from sticli.demo.exam.record import Answered, Played, Source
from sticli.errors import SticliError

SOURCE = Source("feed-v9", "12ab", 5, 16, {"block_count": "5"}, {"seed": "1"})
WRONG = Answered("high", 256, "how high?", "3", "4", "4", 0.5, ("ACME 3", "ACME 1"))
PLAYED = [Played(n, held, "logs", (WRONG,)) for n in range(2) for held in (True, False)]


def written(path: Path) -> Path:
    record.begin(path, SOURCE)
    for one in PLAYED:
        record.add(path, one)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert record.read(written(tmp_path / "it")) == record.Record(SOURCE, tuple(PLAYED))


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_line_cut_short_is_no_answer_and_goes_when_one_resumes(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "it")
    path.write_bytes(path.read_bytes()[:-cut])
    done = record.begin(path, SOURCE)
    assert done == {(one.held_out, one.number) for one in PLAYED[:-1]}
    record.add(path, PLAYED[-1])
    assert record.read(path).played == tuple(PLAYED)


def test_answers_of_another_model_are_not_mixed_in(tmp_path: Path) -> None:
    path = written(tmp_path / "it")
    with pytest.raises(SticliError) as caught:
        record.begin(path, msgspec.structs.replace(SOURCE, sha256="34cd"))
    assert caught.value.code == "taken"
    assert len(record.read(path).played) == len(PLAYED)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"nothing\n", b"[1]\n{}\n"])
def test_another_file_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "it").write_bytes(data)
    with pytest.raises(SticliError) as caught:
        record.read(tmp_path / "it")
    assert caught.value.code == "bad_request"
