"""`sticli calibrate`: how often a decision is right, against the lead that it must have."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Annotated

import typer

from sticli import decision
from sticli.calibration import truth
from sticli.calibration.curve import GAPS, Curve, Row, Sample
from sticli.calibration.replay import Replay
from sticli.calibration.truth import Truth
from sticli.commands.sessions import Name
from sticli.errors import SticliError, refused
from sticli.invocation import Invocation, document, of
from sticli.meter import Meter
from sticli.place import absolute
from sticli.protocol import Flash, Session
from sticli.render import count, plural, table

Key = Annotated[str, typer.Argument(metavar="ID", help="Id of the flash question.")]


def calibrate(
    context: typer.Context,
    session: Name,
    key: Key,
    file: Annotated[
        str,
        typer.Option(
            "--truth", metavar="FILE", help="The right answers: rows as 12,up; - for stdin."
        ),
    ],
    precision: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Name the gap that gives this much.", min=0.0, max=1.0),
    ] = 0.95,
) -> None:
    """Measure what the gap of a decision buys.

    The lines of the session go through a session of its own, which is removed in the end, and the
    question is decided at every point of the truth file as it stood there.
    """
    call = of(context)
    client = call.connect()
    source, found = client.session(session), client.flash(session, key)
    known = _truth(file, found)
    _check_reach(source, known)
    if source.dropped:
        call.note(f"{plural(source.dropped, 'line')} were not read then; they are read here")
    samples = _samples(call, source, found, known)
    _report(call, found, samples, precision)


def _truth(file: str, found: Flash) -> Truth:
    """The truth file, once it is sure that the question is a decision."""
    if not decision.decides(found) or found.form is None or found.form.choices is None:
        raise SticliError(
            "bad_request",
            f"{found.id} is no decision: its answer is free",
            f"`sticli flash add {found.session} QUESTION --choices A,B` makes one",
        )
    with _opened(file) as text:
        return truth.read(text, "standard input" if file == "-" else file, found.form.choices)


@contextmanager
def _opened(file: str) -> Iterator[IO[str]]:
    if file == "-":
        yield sys.stdin
        return
    try:
        with open(absolute(file), encoding="utf-8-sig", errors="replace") as text:
            yield text
    except FileNotFoundError:
        raise SticliError(
            "not_found", f"--truth: no file {file}", "check the path; - reads standard input"
        ) from None
    except OSError as error:
        raise refused(error) from None


def _check_reach(source: Session, known: Truth) -> None:
    last, most = known.points[-1].at, source.lines if known.kind == "line" else source.version
    if last > most:
        raise SticliError(
            "bad_request",
            f"the truth file names {known.kind} {last:,}, session {source.name} has {most:,}",
            "append the feed first",
        )


def _samples(call: Invocation, source: Session, found: Flash, known: Truth) -> list[Sample]:
    meter, samples = Meter(wanted=not call.quiet), list[Sample]()
    with Replay(call.connect, source, found) as replay:
        for point, sample in replay.run(known):
            samples.append(sample)
            right = sum(one.answer == one.truth for one in samples)
            meter.draw(
                f"{len(samples):,} of {plural(len(known.points), 'point')}, {known.kind} "
                f"{point.at:,}, {right:,} right"
            )
    meter.end()
    return samples


def _report(call: Invocation, found: Flash, samples: list[Sample], precision: float) -> None:
    curve = Curve(samples)
    rows = curve.rows((*GAPS, found.gap))
    least, sure = curve.least(precision), curve.least(precision, surely=True)
    if call.json:
        return document(
            session=found.session,
            id=found.id,
            question=found.question,
            choices=found.form and found.form.choices,
            gap=found.gap,
            points=len(samples),
            rows=[row.facts() for row in rows],
            precision=precision,
            least=least and least.facts(),
            sure=sure and sure.facts(),
        )
    heads = ("GAP", "COVERED", "COVERAGE", "RIGHT", "PRECISION", "95 % INTERVAL")
    table(sys.stdout, heads, [_cells(row, found.gap) for row in rows])
    print(_advice(least, precision, "give"))
    print(_advice(sure, precision, "surely give"))
    call.note(f"{plural(len(samples), 'point')}; * is the gap of {found.id}")


def _cells(row: Row, gap: float) -> tuple[str, ...]:
    low, high = row.interval
    return (
        f"{row.gap:g}" + ("*" if row.gap == gap else ""),
        count(row.covered),
        f"{row.coverage:.1%}",
        count(row.right),
        "-" if row.precision is None else f"{row.precision:.1%}",
        f"{low:.1%} to {high:.1%}" if row.covered else "-",
    )


def _advice(row: Row | None, precision: float, what: str) -> str:
    """The gap that gives the precision that was asked for."""
    if row is None:
        return f"no gap would {what} {precision:.1%} precision"
    return (
        f"--gap {row.gap:g} would {what} {precision:.1%} precision, at {row.coverage:.1%} coverage"
    )
