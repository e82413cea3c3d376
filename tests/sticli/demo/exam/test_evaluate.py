"""Playing and asking, with a small model that answers nonsense."""

import random
from pathlib import Path

import pytest
import torch

from sticli.demo.exam import speed
from sticli.demo.exam.evaluate import (
    LENGTHS,
    LONG,
    POINTS,
    SHORT,
    Sitting,
    measure,
    play,
    sittings,
    source,
)
from sticli.demo.exam.reader import FORKS, Answer, Reader
from sticli.demo.learning import vocabulary
from sticli.demo.learning.export import export
from sticli.demo.learning.model import Model, Shape
from sticli.demo.world.simulate import make_feed

SMALL = Shape(len(vocabulary.TOKENS), width=64, layers=2, heads=2, hidden=96)
SITTING = Sitting(3, True, 512, 6)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Model(SMALL)
    with torch.no_grad():
        model.output.weight[vocabulary.END_ID] = 0.1  # answers end somewhere
    path = tmp_path_factory.mktemp("model") / "small.gguf"
    export(model, path, {"seed": "7"})
    return path


@pytest.fixture(scope="module")
def reader(path: Path) -> Reader:
    return Reader(path, context=1024, threads=1)


def test_questions_beside_each_other_are_answered_as_alone(reader: Reader) -> None:
    feed = make_feed(random.Random(1), held_out=True)
    lines = [i for _ in range(9) for i in vocabulary.line_ids(feed.line())]
    texts = [feed.ask().text for _ in range(FORKS + 3)]
    reader.reset()
    reader.append(lines)
    before = reader.tokens
    together, alone = reader.ask(texts), [reader.ask([text])[0] for text in texts]
    assert [one.text for one in together] == [one.text for one in alone]
    assert [one.lead for one in together] == pytest.approx([one.lead for one in alone], abs=0.05)
    assert all(one.lead >= 0 for one in together)
    assert reader.tokens == before


def test_asking_leaves_no_trace_in_what_is_read_next(reader: Reader) -> None:
    ids = vocabulary.line_ids("10:02:11 ACME 131.25")
    reader.reset()
    clean = reader.append(ids * 3)
    reader.reset()
    reader.append(ids * 2)
    reader.ask(["last price of ACME?", "state of auth?"])
    assert reader.append(ids) == pytest.approx(clean, abs=2e-2)


def test_a_feed_is_asked_in_the_last_tenth_of_each_length(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    points, ask = list[int](), reader.ask

    def noted(texts: list[str]) -> list[Answer]:
        points.append(reader.tokens)
        return ask(texts)

    monkeypatch.setattr(reader, "ask", noted)
    played = play(reader, SITTING)
    lengths = [length for length in LENGTHS if length <= SITTING.longest for _ in range(POINTS)]
    assert len(points) == len(lengths)
    for point, length in zip(points, lengths, strict=True):
        assert 0.6 * length <= point <= length  # one line may be long
    assert {one.length for one in played.asked} == set(lengths)
    assert max(points) <= SITTING.longest


def test_a_sitting_repeats(reader: Reader) -> None:
    assert play(reader, SITTING) == play(reader, SITTING)


def test_a_process_gives_what_this_one_does(path: Path, reader: Reader) -> None:
    wanted = [Sitting(5, False, 256, 4)]
    assert list(measure(path, wanted, 1)) == [play(reader, wanted[0])]


def test_wrong_answers_keep_the_lines_they_are_about(reader: Reader) -> None:
    asked = play(reader, SITTING).asked
    assert asked
    for one in asked:
        assert one.right == (not one.near)
        assert one.right or any(one.near)


def test_some_feeds_are_long_and_none_is_played_twice() -> None:
    found = sittings(40, 8)
    assert len({(one.number, one.held_out) for one in found}) == len(found)
    longest = [one.longest for one in found if one.held_out]
    assert [longest.count(length) for length in (SHORT, LONG, LENGTHS[-1])] == [30, 8, 2]
    assert sum(not one.held_out for one in found) == 10
    others = sittings(40, 8, 1000)
    assert not {one.number for one in others} & {one.number for one in found}
    assert [one.longest for one in others] == [one.longest for one in found]


def test_the_source_is_what_the_header_says(path: Path) -> None:
    found = source(path, 8)
    assert found.size == path.stat().st_size
    assert found.shape["block_count"] == str(SMALL.layers)
    assert found.shape["embedding_length"] == str(SMALL.width)
    assert found.training["seed"] == "7"


def test_speed_is_of_as_many_tokens_as_were_wanted(path: Path) -> None:
    found = speed.measure(path, 128, 2)
    assert (found.tokens, found.threads) == (128, speed.THREADS)
    assert found.read > 0
    assert 0 < found.decode <= found.usual
    assert found.cores >= 1
