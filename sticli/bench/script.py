"""What three tool-calling agents do, turn by turn: seeded, and replayed alike to every engine.

A travel planner, a code reviewer and a data analyst with five tools each, as in a published set-up
(preset p2); calls and results are JSON, and the words of one kind come again and again, as in life.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NEXT = "which tool is called next? answer with the call as JSON, nothing else"

Fields = Mapping[str, Sequence[str | int]]  # name → what its value is drawn from


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: what it is given, and what a row of its result holds."""

    name: str
    arguments: Fields
    row: Fields


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent: who it is, what it is asked to do, and with which tools."""

    name: str
    role: str
    task: str
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: a call that was made, and the lines that the tool gave back."""

    call: str
    result: tuple[str, ...]

    @property
    def said(self) -> str:
        """The call as a line."""
        return f"call: {self.call}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """An agent at work."""

    agent: str
    opening: tuple[str, ...]
    turns: tuple[Turn, ...]

    @property
    def lines(self) -> list[str]:
        """All lines that its session is given, to the last turn."""
        return [
            *self.opening,
            *(line for turn in self.turns for line in (turn.said, *turn.result)),
        ]


def conversation(agent: Agent, turns: int, rows: int, seed: int) -> Conversation:
    """So many turns, the tools one after the other; each result has so many rows."""
    source = random.Random(f"{agent.name} {seed}")
    offers = (f"tool: {tool.name}({','.join(tool.arguments)})" for tool in agent.tools)
    opening = (agent.role, *offers, f"task: {agent.task}")
    made = (_turn(agent.tools[n % len(agent.tools)], rows, source) for n in range(turns))
    return Conversation(agent.name, opening, tuple(made))


def _turn(tool: Tool, rows: int, source: random.Random) -> Turn:
    call = {"tool": tool.name, "arguments": _drawn(tool.arguments, source)}
    result = tuple(f"result: {_json(_drawn(tool.row, source))}" for _ in range(rows))
    return Turn(_json(call), result)


def _drawn(fields: Fields, source: random.Random) -> dict[str, str | int]:
    return {name: source.choice(values) for name, values in fields.items()}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


_CITIES = ("Lisbon", "Oslo", "Vienna", "Porto", "Kyoto")
_DAYS = ("mon", "tue", "wed", "thu", "fri")
_FILES = ("app.py", "cart.py", "login.py", "store.py", "views.py")
_TABLES = ("orders", "users", "visits", "refunds")
_COLUMNS = ("price", "count", "region", "day")

TRAVEL = Agent(
    "travel",
    "You plan trips and book them with tools.",
    "five days in one city, flights and a hotel, under 1500",
    (
        Tool(
            "get_weather",
            {"city": _CITIES, "day": _DAYS},
            {"day": _DAYS, "sky": ("sun", "rain", "cloud"), "high": range(5, 35)},
        ),
        Tool(
            "search_flights",
            {"from": _CITIES, "to": _CITIES, "day": _DAYS},
            {"flight": ("LH412", "TP581", "OS330"), "price": range(60, 600), "stops": range(3)},
        ),
        Tool(
            "book_hotel",
            {"city": _CITIES, "nights": range(1, 8), "price": range(50, 300)},
            {"hotel": ("Central", "Park", "Royal"), "price": range(50, 300), "free": range(9)},
        ),
        Tool(
            "search_restaurants",
            {"city": _CITIES, "kind": ("fish", "pasta", "vegan")},
            {"name": ("Luna", "Mar", "Nord"), "stars": range(1, 6), "price": range(10, 90)},
        ),
        Tool(
            "create_itinerary",
            {"city": _CITIES, "from": _DAYS, "to": _DAYS},
            {"day": _DAYS, "plan": ("museum", "walk", "boat"), "price": range(0, 60)},
        ),
    ),
)

REVIEW = Agent(
    "review",
    "You review changes of code with tools.",
    "say whether the change of the cart may go out",
    (
        Tool(
            "analyze_code",
            {"file": _FILES, "depth": range(1, 4)},
            {"file": _FILES, "line": range(1, 900), "found": ("unused", "shadow", "long")},
        ),
        Tool(
            "run_tests",
            {"file": _FILES, "runs": range(1, 4)},
            {"test": ("test_add", "test_login", "test_sum"), "state": ("ok", "failed")},
        ),
        Tool(
            "check_coverage",
            {"file": _FILES},
            {"file": _FILES, "lines": range(10, 900), "percent": range(40, 101)},
        ),
        Tool(
            "lint_code",
            {"file": _FILES, "rules": ("all", "names", "types")},
            {"file": _FILES, "line": range(1, 900), "rule": ("E501", "F401", "B006")},
        ),
        Tool(
            "review_pr",
            {"number": range(100, 999), "file": _FILES},
            {"file": _FILES, "line": range(1, 900), "note": ("rename", "split", "good")},
        ),
    ),
)

ANALYSIS = Agent(
    "analysis",
    "You answer questions about sales with tools.",
    "which region earned less than the week before, and why",
    (
        Tool(
            "query_db",
            {"table": _TABLES, "column": _COLUMNS, "limit": range(1, 500)},
            {"region": ("north", "south", "east"), "price": range(10, 999), "day": _DAYS},
        ),
        Tool(
            "create_chart",
            {"table": _TABLES, "x": _COLUMNS, "y": _COLUMNS},
            {"chart": ("bars", "lines"), "points": range(5, 99)},
        ),
        Tool(
            "export_data",
            {"table": _TABLES, "format": ("csv", "json")},
            {"file": ("out.csv", "out.json"), "rows": range(10, 9999)},
        ),
        Tool(
            "run_pipeline",
            {"name": ("daily", "weekly"), "table": _TABLES},
            {"step": ("load", "join", "write"), "state": ("ok", "failed"), "ms": range(5, 999)},
        ),
        Tool(
            "compute_stats",
            {"table": _TABLES, "column": _COLUMNS},
            {"column": _COLUMNS, "mean": range(10, 999), "high": range(10, 999)},
        ),
    ),
)

AGENTS = (TRAVEL, REVIEW, ANALYSIS)
