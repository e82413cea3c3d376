"""The embedded model's card: what it is, how it was measured, and what it cannot do."""

from collections.abc import Mapping
from string import Template

from sticli.wilson import wilson

Hits = Mapping[tuple[str, int], list[bool]]


def cell(hits: list[bool]) -> str:
    """One cell: share right, its interval and the number of questions."""
    if not hits:
        return "-"
    low, high = wilson(sum(hits), len(hits))
    share = sum(hits) / len(hits)
    return f"{100 * share:.1f} % ({100 * low:.1f}-{100 * high:.1f}, n={len(hits)})"


def table(hits: Hits) -> str:
    """Accuracy by kind of question (rows) and context length (columns), in Markdown."""
    kinds, lengths = sorted({kind for kind, _ in hits}), sorted({length for _, length in hits})
    rows = [["question", *(f"{length} tokens" for length in lengths)]]
    rows.append(["---"] * len(rows[0]))
    rows += [
        [f"`{kind}`", *(cell(hits.get((kind, length), [])) for length in lengths)] for kind in kinds
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


_CARD = Template("""\
# sticli-feed-v1

A 4 MB model that answers questions about simulated market and log feeds. It exists so that
sticli can show itself without a network or a GPU; it knows nothing else. Bring your own GGUF
for real use.

## Accuracy

Exact match of the whole answer, greedy, measured through llama.cpp on the published Q8_0 file,
with 95 % Wilson intervals. Feeds: seeds $first to $last,
$feeds markets and $feeds logs at each length, five questions after the last line.
`unknown_*`: the subject never appeared, and the right answer is "none".

Questions on one feed share its lines, so that the intervals are somewhat too narrow.

Held out: symbols and services whose letter combinations training never shows, and three phrasings
of each kind that training never shows. A first measurement, with two held-out phrasings a kind,
found `last_error` and `last_symbol` weak on them (about 50 % and 75 %); training then went on with
more phrasings of its own, and a third held-out phrasing was added, first measured here.

$unseen

Familiar: new seeds, but names and phrasings drawn as in training.

$familiar

## What it is

- llama architecture: 4 layers of width 256, 8 heads of 32, SwiGLU of 512, biases on queries and
  keys, RoPE base 1e8, RMSNorm, separate output matrix; 4.1 million parameters; Q8_0 matrices,
  F32 norms and biases. Trained on contexts up to 768 tokens of feed; the header says 1,024.
- Byte-level BPE, pre-tokeniser "llama-bpe", with made merges: pairs of letters, digit groups of
  1 to 3, and the words of the feeds. Any text can be encoded.
- Layout: `<|bos|>`, the lines (each tokenised by itself, with its newline), a newline and the
  question, `<|answer|>`; it generates the answer and `<|end|>`. The file's chat template is this.
- Feeds: `10:02:11 ACME 131.25` (symbols of 3 or 4 letters, prices 10.00 to 999.99), and
  `10:02:11 auth ERROR timeout`, `10:02:11 auth WARN retry`, `10:02:11 auth up` (or down, slow,
  busy). 4 to 8 symbols or services.

## How it was made

Trained from scratch, on simulated feeds only, by `sticli/demo/train.py`: seed $seed, $step steps,
$minutes minutes of wall clock on two shared CPU cores. The attention heads start as circuits that
look back, match and copy (`sticli/demo/circuits.py`); all parameters are then trained, Muon for
the matrices of the layers and AdamW for the rest, on the answers alone, with feeds from 64 to
768 tokens. Each feed is read once and asked many questions, as masked forks.

    python -m sticli.demo.train --out run --seed $seed --steps $step
    python -m sticli.demo.export run/checkpoint.pt sticli/models/sticli-feed-v1.gguf
    python -m sticli.demo.evaluate --card sticli/models/CARD.md

That is the recipe, not a replay: the published run was interrupted and continued, its schedule
was set while it ran (3,500 steps at first, 1,500 at the shortest, 2,500 in the end, with a first
decay of the learning rate that ended at step 2,000), and its first 2,000 steps knew fewer
phrasings. A second run gives a like model, not the same bytes.

## Limits

It knows these two kinds of feed and these kinds of question; other formats, longer names, other
words and contexts past 768 tokens are outside what it was trained on, and it does not say so: it
answers something. It does not count, compare or add.

Among the held-out phrasings "who had the latest error?" is the weak one: on 64-token feeds 70 % of
its answers were right (n=27), and the others gave the error's message in place of the service.

Licence: MIT, like the project. No data but the simulator's was used.
""")


def render(unseen: Hits, familiar: Hits, facts: dict[str, str], first: int, feeds: int) -> str:
    """The whole card; `facts` are seed, step and seconds of the training."""
    minutes = round(float(facts["seconds"]) / 60)
    tables = {"unseen": table(unseen), "familiar": table(familiar), "minutes": minutes}
    return _CARD.substitute(tables, first=first, last=first + feeds - 1, feeds=feeds, **facts)
