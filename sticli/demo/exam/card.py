"""The embedded model's card, drawn from what was measured: `python -m sticli.demo.exam.card`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from string import Template

import msgspec

from sticli.demo import promise
from sticli.demo.exam import curve, failures, record, tables
from sticli.demo.exam.evaluate import LENGTHS
from sticli.demo.exam.gap import COVERAGE
from sticli.demo.exam.interval import difference
from sticli.demo.exam.record import Played, Record
from sticli.demo.exam.speed import Speed
from sticli.models.gap import USUAL

CARD = Path(__file__).parents[2] / "models" / "CARD.md"

_CARD = Template("""\
# $name

A model of $megabytes MB that answers questions about simulated feeds: markets, sensors, logs,
access logs. It exists so that sticli can show, test and measure itself without a network or a GPU;
it knows nothing else. Bring your own GGUF for real use, or train this one for your own feed: see
below.

## What it was to reach

On feeds of the held-out kind (see "How it was measured"). Lookups are of values, names, errors and
states; those of times ("when did ACME last trade?") are a row of their own below.

$goals

Decisions (yes or no, up or down or flat, the state of a service) at the default gap, $gap,
$named:

$decisions

`sticli demo` promises $promise of its answers right, on plain markets of up to $plain tokens.

Decoding takes $decode ms a token after $tokens tokens of feed, on $threads threads, in the fastest
of $tries tries, $usual ms in the median one; a feed of that length is read at up to $read tokens a
second ($cpu, $cores cores that others may use too, load $busy before it began). Wanted were 2 ms at
most: $fast.

## Accuracy on held-out feeds

$groups

$kinds

$sorts

## Accuracy on feeds as in training

New seeds; words, dialects and phrasings drawn as in training. What is lower above than here is lost
on what is new.

$familiar

## Calibration

The lead of an answer is the distance in logits between its first token and the next likeliest. A
decision is read off, without decoding, when its lead is at least the gap, and its first token
begins exactly one of the choices. Coverage is the share of decisions that are read off, precision
the share of those that are right. $chosen
Held-out feeds of all lengths:

$gaps

Decisions by lead:

$decided

Open questions by lead, right as a whole answer:

$open

## Failures

Of the kinds that failed most often the surest wrong answer on held-out feeds; above each question
the last lines of the feed, and ahead of them the line that the right answer is copied from.

$failures

## How it was measured

Exact match of the whole answer, greedy, through llama.cpp on the published Q8_0 file. A feed is
read once, and asked in the last tenth of each length, $questions questions a point, in forks that
end again; $feeds held-out feeds, of which $long go on to $trained tokens or more. Training
went as far as that, not further.

Held out are parts of what the simulator can draw. In every feed: names whose letters training never
combines, and a fifth of the phrasings of every question, made of words and turns that others train.
In feeds that are not plain: all messages of errors, and, each in half of them by chance, states,
key names, separators, brackets, orders of fields, the place of the time and its format, and the
words beside that for an error, which is a trained one: which new word means an error nobody could
tell. Beyond this, held-out feeds are of the same simulator: they are no proof for feeds of the
world.

Where people might differ, right is: the last line is the last that came, whatever its time; a
correction or a repeated line is one more line; what moved most did so in percent of its first
value; "above" counts the first value too; a request failed if its status is 5xx, a service where a
line of the level for errors says so, whatever its state; the opening price is the first of all, and
a candle's last price is its close.

Intervals are of 95 %: Wilson's, of fewer questions than were asked. Questions on one feed are
alike, so their number is divided by the design effect, the variance between feeds over that of
independent answers; where fewer than five are not as the others, each feed counts once at most.

$quantisation

## What it is

- llama architecture: $layers layers of width $width, $heads heads, SwiGLU of $hidden, biases on
  queries and keys, RoPE base $base, RMSNorm; Q8_0 matrices, F32 norms and biases.
- Byte-level BPE, pre-tokeniser "llama-bpe", with made merges: pairs of letters, and the words of
  questions and feeds; digits stand alone, so that numbers are copied digit by digit. Any text can
  be encoded.
- Layout: `<|bos|>`, the lines (each tokenised by itself, with its newline), a newline and the
  question, `<|answer|>`; it generates the answer and `<|end|>`. The file's chat template is this.

## How it was made

Trained on simulated feeds only, by `sticli/demo/learning/train.py`: $training.
The attention heads start as circuits that look back, bind names, compare, match and copy
(`sticli/demo/learning/circuits.py`); all parameters are then trained, with ever longer feeds. Each
feed is read once and asked many questions, as masked forks; the loss is that of the answers, and
of what they rest on. Probes in the layers between are asked what each token is part of, a time, a
name or a price (`sticli/demo/learning/roles.py`), and of every number how it is to the first, the
last, the highest and the lowest before it of its name (`sticli/demo/learning/marks.py`). Heads are
told where to look: those that bind, for the name that a field belongs to
(`sticli/demo/learning/bindings.py`), those that match, for what each token of an answer is copied
from or found through, or what a decision rests on (`sticli/demo/learning/sources.py`): a right
digit says little, as every digit stands in a hundred places. Training makes up many separators,
brackets, keys, times and words that evaluation does not (`sticli/demo/world/coined.py`,
`sticli/demo/world/stamps.py`).

    python -m sticli.demo.learning.train --out run
    python -m sticli.demo.learning.rows run/checkpoint.pt --out run/checkpoint.pt
    python -m sticli.demo.learning.export run/checkpoint.pt $file
    python -m sticli.demo.exam.evaluate --first 1000 --feeds 120 --out others.jsonl
    python -m sticli.demo.exam.gap others.jsonl
    python -m sticli.demo.learning.export run/checkpoint.pt $file --gap ...
    python -m sticli.demo.exam.evaluate --out answers.jsonl
    python -m sticli.demo.exam.speed --out speed.json
    python -m sticli.demo.exam.card answers.jsonl --speed speed.json

## For a feed of your own

A file of Python that says what the feed's lines are, what can be asked, and what is right:
`sticli/demo/learning/examples/greenhouse.py` is one. Then

    sticli demo train --feed greenhouse.py --out greenhouse --minutes 60

trains from the embedded model, writes `greenhouse/model.gguf` and says how often it is right.
`sticli model use greenhouse/model.gguf` makes the daemon run it.
$ablations
## Limits

It knows the feeds and the questions of the simulator, and says nothing of being asked for another:
it answers something. "none" is what it says of a name that the feed never mentions.

Licence: MIT, like the project. No data but the simulator's was used.
""")


_OWN = f"which this file names (that of a model that names none is {USUAL:g})"
_USUAL = "that of a model that names none"
_CHOSEN = (
    "The default was chosen on feeds of other seeds\nthan this card's, as the largest gap that "
    f"covers {100 * COVERAGE:.0f} % of their decisions."
)
_UNCHOSEN = "The default is that of a model that names none."


def render(found: Record, speed: Speed, whole: Record | None = None, ablations: str = "") -> str:
    """The whole card; `whole` are the same questions to the model before it was quantised."""
    unseen = [one for one in found.played if one.held_out]
    familiar = [one for one in found.played if not one.held_out]
    context = int(found.source.shape["context_length"])
    own = found.source.gap
    gap = USUAL if own is None else own
    trained = max(one for one in (0, *LENGTHS) if one <= context)
    reach = [max((asked.length for asked in one.asked), default=0) for one in unseen]
    return _CARD.substitute(
        name=found.source.name,
        file=f"sticli/models/{found.source.name}.gguf",
        megabytes=f"{found.source.size / 1e6:.1f}",
        goals=tables.goals(unseen),
        gap=f"{gap:g}",
        decisions=curve.verdict(unseen, gap),
        groups=tables.groups(unseen),
        kinds=tables.kinds(unseen),
        sorts=tables.sorts(unseen),
        familiar=tables.groups(familiar),
        named=_OWN if own is not None else _USUAL,
        chosen=_CHOSEN if own is not None else _UNCHOSEN,
        gaps=curve.table(unseen, gap),
        decided=_drawn(curve.chart(unseen, decided=True)),
        open=_drawn(curve.chart(unseen, decided=False)),
        failures=failures.render(unseen),
        questions=found.source.questions,
        feeds=len(unseen),
        long=sum(one >= trained for one in reach),
        trained=f"{trained:,}",
        quantisation=_quantisation(unseen, whole),
        training=_training(found.source.training),
        ablations=f"\n## Ablations\n\n{ablations.strip()}\n" if ablations else "",
        promise=f"{100 * promise.ACCURACY:.0f} %",
        plain=str(promise.CELLS),
        fast="met" if speed.decode <= 2 else "**not met**",
        **_speed(speed),
        **_shape(found.source.shape),
    )


def _drawn(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _speed(speed: Speed) -> dict[str, str]:
    return {
        "tries": str(speed.tries),
        "decode": f"{speed.decode:.2f}",
        "usual": f"{speed.usual:.2f}",
        "tokens": f"{speed.tokens:,}",
        "threads": str(speed.threads),
        "read": f"{speed.read:,.0f}",
        "cpu": speed.cpu or "processor unknown",
        "cores": str(speed.cores),
        "busy": f"{speed.busy:.1f}",
    }


def _shape(shape: dict[str, str]) -> dict[str, str]:
    return {
        "layers": shape["block_count"],
        "width": shape["embedding_length"],
        "heads": shape["attention.head_count"],
        "hidden": shape["feed_forward_length"],
        "base": f"{float(shape['rope.freq_base']):g}",
    }


def _training(facts: dict[str, str]) -> str:
    """What the file's header says of its training, in words."""
    told = [f"{key} {value}" for key, value in facts.items() if value and key != "seconds"]
    if seconds := facts.get("seconds"):
        told.append(f"{float(seconds) / 60:,.0f} minutes")
    return ", ".join(told) or "the file does not say how long"


def _quantisation(played: Sequence[Played], whole: Record | None) -> str:
    """What Q8_0 costs, on the questions that both were asked."""
    known = {tables.key(one): one.asked for one in (whole.played if whole else ())}
    pairs = [
        (tables.key(one), ours, full)
        for one in played
        for ours, full in zip(one.asked, known.get(tables.key(one), ()), strict=False)
        if (ours.text, ours.truth) == (full.text, full.truth)
    ]
    if not pairs:
        return "What quantisation costs was not measured."
    lost, spread = difference((feed, full.right, ours.right) for feed, ours, full in pairs)
    differ = sum(ours.answer != full.answer for _, ours, full in pairs)
    return (
        f"Quantisation: of {len(pairs):,} answers {differ:,} differ from those of the same model "
        f"in F32,\nwhich is right {100 * lost:+.2f} points (+/- {100 * spread:.2f}) more often."
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", type=Path, help="of `python -m sticli.demo.exam.evaluate`")
    parser.add_argument("--speed", type=Path, required=True, help="of `... sticli.demo.exam.speed`")
    parser.add_argument("--whole", type=Path, help="answers of the same model in F32")
    parser.add_argument("--ablations", type=Path, help="Markdown that the card takes in")
    parser.add_argument("--out", type=Path, default=CARD)
    given = parser.parse_args()
    speed = msgspec.json.decode(given.speed.read_bytes(), type=Speed)
    whole = record.read(given.whole) if given.whole else None
    ablations = given.ablations.read_text("utf-8") if given.ablations else ""
    given.out.write_text(render(record.read(given.answers), speed, whole, ablations), "utf-8")


if __name__ == "__main__":
    main()
