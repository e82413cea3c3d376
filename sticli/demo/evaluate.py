"""Measures an exported model on feeds it has never seen: `python -m sticli.demo.evaluate`."""

import argparse
import json
from collections import defaultdict
from pathlib import Path

from sticli.demo import card, vocabulary
from sticli.demo.logs import Logs
from sticli.demo.market import Market
from sticli.demo.reader import Reader

MODEL = Path(__file__).parent.parent / "models" / "sticli-feed-v1.gguf"
LENGTHS = (64, 128, 256, 512, 768)
# Far from the 48-bit seeds that training draws.
FIRST_SEED = 2**50

Hits = dict[tuple[str, int], list[bool]]


def fill(reader: Reader, feed: Market | Logs, tokens: int) -> None:
    """Lets the reader see whole lines of a feed, up to `tokens` tokens."""
    seen = list[int]()
    while reader.tokens + len(seen) + 16 <= tokens:
        seen += vocabulary.line_ids(feed.line())
    reader.append(seen)


def measure(reader: Reader, feeds: int, questions: int, *, held_out: bool) -> Hits:
    """Whether each answer was exactly right, by kind of question and context length."""
    hits: Hits = defaultdict(list)
    for tokens in LENGTHS:
        for seed in range(FIRST_SEED, FIRST_SEED + feeds):
            for feed in (Market(seed, held_out=held_out), Logs(seed, held_out=held_out)):
                reader.reset()
                fill(reader, feed, tokens)
                for asked in (feed.ask() for _ in range(questions)):
                    hits[asked.kind, tokens].append(reader.answer(asked.text) == asked.truth)
    return hits


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--feeds", type=int, default=100, help="feeds of each sort and length")
    parser.add_argument("--questions", type=int, default=5, help="questions on each feed")
    parser.add_argument("--card", type=Path, help="write the model card here")
    given = parser.parse_args()
    reader = Reader(given.model)
    unseen = measure(reader, given.feeds, given.questions, held_out=True)
    print(card.table(unseen))
    familiar = measure(reader, given.feeds, given.questions, held_out=False)
    print(card.table(familiar))
    facts = {key: reader.metadata(f"sticli.training.{key}") for key in ("seed", "step", "seconds")}
    print(json.dumps(facts))
    if given.card:
        given.card.write_text(card.render(unseen, familiar, facts, FIRST_SEED, given.feeds))


if __name__ == "__main__":
    main()
