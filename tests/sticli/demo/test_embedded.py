"""The published model file itself, through llama.cpp, on a few feeds it has never seen."""

from sticli.demo.evaluate import FIRST_SEED, MODEL, fill
from sticli.demo.logs import Logs
from sticli.demo.market import Market
from sticli.demo.reader import Reader


def test_it_answers_the_canonical_questions() -> None:
    reader, right, asked = Reader(MODEL), 0, 0
    for seed in range(FIRST_SEED - 4, FIRST_SEED):
        for feed in (Market(seed, held_out=True), Logs(seed, held_out=True)):
            reader.reset()
            fill(reader, feed, 320)
            texts = ["last error?", "which service failed last?"]
            if isinstance(feed, Market):
                names = feed.symbols
                texts = ["which symbol traded last?", *(f"last price of {n}?" for n in names)]
            answers = [reader.answer(text) == feed.truth(text) for text in texts]
            right, asked = right + sum(answers), asked + len(answers)
    reader.close()
    assert right >= 0.85 * asked


def test_it_is_small() -> None:
    assert MODEL.stat().st_size < 6 * 2**20
