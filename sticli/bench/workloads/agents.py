"""Replayed turns of tool-calling agents: a call, its result, and the question for the next call.

What an engine answers changes nothing: all are given the calls and results of the script. Preset
p2 is a published set-up: three agents, 6 and 35 turns, one agent at a time and all at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product

from sticli.bench import estimate
from sticli.bench.adapters.base import Adapter
from sticli.bench.against import LIVE, by_engine, faster
from sticli.bench.crew import Crew
from sticli.bench.growth import limit
from sticli.bench.player import HUNG, alternate
from sticli.bench.prompt import Prompter
from sticli.bench.report import Case, Figure, Report, Run, Sample
from sticli.bench.script import AGENTS, Conversation, conversation
from sticli.bench.stage import Stage
from sticli.errors import SticliError
from sticli.render import plural

NAME, P2 = "agents", "p2"
ENGINES = ("live", "bare", "reuse", "stateless")
QUICK = ("live", "reuse")
TURNS = (6, 35)
TOGETHER = (1, len(AGENTS))  # agents at once
ROWS = (4, 2, 1)  # lines of a result: the first of these that the model has room for
TOOL = 0.1  # seconds; most tools take longer, which is time for engines that compute ahead
TOKENS = 48  # of an answer, at most: about a call
TOTAL = 18  # turns of an agent: short conversations are played several times, anew each time

Side = tuple[Conversation, ...]  # side by side


@dataclass(frozen=True, slots=True)
class Plan:
    """One case: conversations of so many turns, one side after the other."""

    turns: int
    together: int
    cells: int  # of a session
    case: Case
    sides: tuple[Side, ...]


def run(stage: Stage) -> None:
    """Measure it.

    Raises:
        SticliError: no conversation fits the model, or an engine does not start.
    """
    found = plans(stage)
    stage.note(
        f"agents: a result comes {TOOL:g} s after its call, and the question with it: times count "
        "from there, what it takes to read the result included"
    )
    stage.note(
        f"agents: calls and results are replayed, whatever is answered; answers end at {TOKENS} "
        "tokens, or where the model ends them"
    )
    if not stage.model.synthetic:
        stage.note("agents: sticli drafts (speculate_below), the llama.cpp calls do not")
    cells = max(plan.cells for plan in found)
    names = QUICK if stage.options.quick else ENGINES
    with stage.engines(names, cells, sessions=len(AGENTS)) as engines:
        steps = sum(len(plan.sides) * plan.turns for plan in found) * len(engines)
        with stage.bar(NAME, steps) as advance:
            for plan in found:
                for _ in _played(stage, engines, plan):
                    advance(f"{plan.turns} turns, {plan.together} at once")
                for figure in _figures(stage.report, plan):
                    stage.figure(figure)


def plans(stage: Stage) -> list[Plan]:
    """Numbers of turns × agents at once; what the model has no room for is left out.

    Raises:
        SticliError: nothing is left.
    """
    chosen = stage.options.tenants or TOGETHER
    if not (possible := [one for one in chosen if one <= len(AGENTS)]):
        many = ", ".join(map(str, chosen))
        raise SticliError(
            "bad_request",
            f"{many} agents at once: there are {len(AGENTS)}",
            f"give --tenants of at most {len(AGENTS)}",
        )
    pairs = product(_turns(stage), possible)
    found = [plan for turns, together in pairs if (plan := _plan(stage, turns, together))]
    if not found:
        why = f"no conversation fits the {stage.model.context:,} tokens of the model"
        raise SticliError("bad_request", why, "fewer --turns, or `--shape feed-4m`")
    return found


def _turns(stage: Stage) -> tuple[int, ...]:
    return stage.options.turns or TURNS[: 1 if stage.options.quick else None]


def _plan(stage: Stage, turns: int, together: int) -> Plan | None:
    """With the longest results that fit; None: none does."""
    for rows in ROWS[-1:] if stage.options.quick else ROWS:
        sides = tuple(_sides(stage, turns, together, rows))
        tokens = max(_tokens(stage.prompter, one) for one in chain(*sides))
        cells = limit(stage.prompter, tokens)
        if cells <= stage.model.context:
            case: Case = {"turns": turns, "tenants": together, "rows": rows, "context": tokens}
            preset: Case = {"preset": P2} if stage.options.preset == P2 else {}
            return Plan(turns, together, cells, preset | case, sides)
    stage.note(f"agents: {turns} turns take {cells:,} cells, more than the model has: left out")
    return None


def _sides(stage: Stage, turns: int, together: int, rows: int) -> Iterator[Side]:
    """What each round plays: every agent by itself, or the first ones together."""
    options = stage.options
    alone = AGENTS[: 1 if options.quick else None]
    usual = 1 if options.quick else max(1, TOTAL // turns)
    for round in range(options.rounds or usual):
        seed = options.seed * 1000 + round
        made = [conversation(agent, turns, rows, seed) for agent in AGENTS[:together]]
        if together > 1:
            yield tuple(made)
        else:
            yield from ((conversation(agent, turns, rows, seed),) for agent in alone)


def _tokens(prompter: Prompter, one: Conversation) -> int:
    """Of its lines, to the last turn."""
    return sum(len(prompter.vocabulary.encode(line + "\n")) for line in one.lines)


def _played(stage: Stage, engines: Sequence[Adapter], plan: Plan) -> Iterator[Run]:
    """A run a turn and engine, recorded as they come."""
    crew = Crew({engine.name: engine for engine in engines}, TOOL, TOKENS)
    turns = chain.from_iterable(
        crew.turns(f"{NAME}-{plan.turns}-{plan.together}-{number}", side)
        for number, side in enumerate(plan.sides)
    )
    for run in alternate(turns, engines, NAME, plan.case):
        if HUNG in run.facts:
            crew.engines.pop(run.engine, None)
        stage.record(run)
        yield run


def _figures(report: Report, plan: Plan) -> Iterator[Figure]:
    """How many times as fast a turn, and a whole conversation, is as in each other engine."""
    found = by_engine(report, NAME, plan.case)
    ours = found.get(LIVE, [])
    what = f"{plan.turns} turns, {plan.together} at once: live, times as fast as"
    for engine, samples in found.items():
        if ours and not engine.startswith("sticli"):
            yield faster(NAME, f"turn to its end, {what} {engine}", ours, samples, measure="last")
            yield _whole(f"conversation, {what} {engine}", ours, samples, plan)


def _whole(name: str, ours: Sequence[Sample], theirs: Sequence[Sample], plan: Plan) -> Figure:
    """All that an agent waits for, conversation by conversation."""
    size = plan.turns * plan.together
    parts = [(theirs[at : at + size], ours[at : at + size]) for at in range(0, len(ours), size)]
    pairs = [
        (sum(one.last for one in slow), sum(one.last for one in quick))
        for slow, quick in parts
        if not any(one.error for one in (*slow, *quick))
    ]
    if not pairs:
        return Figure(NAME, name, None, detail="no conversation was answered to its end by both")
    value, low, high = estimate.ratio(*zip(*pairs, strict=True))
    detail = f"{len(pairs)} of {plural(len(parts), 'conversation')}, waits of all turns added"
    return Figure(NAME, name, value, "×", None, True, low, high, detail)
