"""What agents do is the same for the same seed, and reads like calls of tools and their results."""

import json

import pytest

from sticli.bench.script import AGENTS, Agent, conversation


def test_there_are_three_agents_with_five_tools_each() -> None:
    names = [tool.name for agent in AGENTS for tool in agent.tools]
    assert [len(agent.tools) for agent in AGENTS] == [5, 5, 5]
    assert len(set(names)) == 15


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_every_turn_calls_a_tool_of_the_agent_with_its_arguments(agent: Agent) -> None:
    tools = {tool.name: tool for tool in agent.tools}
    found = conversation(agent, 35, 3, seed=1)
    assert len(found.turns) == 35
    for turn in found.turns:
        call = json.loads(turn.call)
        tool = tools[call["tool"]]
        assert call["arguments"].keys() == tool.arguments.keys()
        assert all(value in tool.arguments[name] for name, value in call["arguments"].items())
        rows = [json.loads(line.removeprefix("result: ")) for line in turn.result]
        assert [row.keys() for row in rows] == [tool.row.keys()] * 3
    assert {json.loads(turn.call)["tool"] for turn in found.turns} == tools.keys()


def test_the_opening_offers_every_tool() -> None:
    for agent in AGENTS:
        opening = conversation(agent, 0, 1, seed=1).opening
        assert [line for line in opening if line.startswith("tool: ")] == [
            f"tool: {tool.name}({','.join(tool.arguments)})" for tool in agent.tools
        ]
        assert opening[0] == agent.role
        assert opening[-1].endswith(agent.task)


def test_lines_are_what_the_turns_bring_in_order() -> None:
    found = conversation(AGENTS[0], 2, 1, seed=1)
    first, second = found.turns
    assert found.lines == [
        *found.opening,
        *(f"call: {first.call}", *first.result),
        *(f"call: {second.call}", *second.result),
    ]


def test_the_seed_decides_and_more_turns_begin_alike() -> None:
    one, again, longer = (conversation(AGENTS[1], turns, 2, seed=1) for turns in (6, 6, 35))
    assert one == again
    assert longer.turns[:6] == one.turns
    assert conversation(AGENTS[1], 6, 2, seed=2) != one
