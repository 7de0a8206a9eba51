"""Run the team's nodes on langgraph, with its checkpoints.

The nodes, their order and the gate are the same; langgraph holds the state. Needs `pip install langgraph`, and
`langgraph-checkpoint-sqlite` for a saver that another process can open.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aigc_kit.works.team.creative_team import CreativeTeam


def on_langgraph(team: "CreativeTeam", saver: Any) -> Any:
    """Build langgraph's graph of a team whose goal is set.

    graph.invoke(team.state | {"at": "plan"}, here)        # stops at the gate
    graph.invoke(Command(resume="举个例子"), here)           # feedback; "" accepts the draft

    Args:
        saver: a checkpointer of langgraph, such as `SqliteSaver`.

    Returns:
        A compiled graph over the team's state.
    """
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    from aigc_kit.works.team.creative_team import NODES

    def own(state: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in state.items() if name != "__interrupt__"}  # langgraph's own

    def node(state: Mapping[str, Any]) -> dict[str, Any]:
        team.state = own(state)
        return next(team.steps())

    def gate(state: Mapping[str, Any]) -> dict[str, Any]:
        team.state = own(state)
        return team.decide(interrupt(state["drafts"][-1]["text"]))

    graph = StateGraph(dict)
    ways = {**{name: name for name in NODES}, "gate": "gate", "done": END}
    works: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {**dict.fromkeys(NODES, node), "gate": gate}
    for name, work in works.items():
        graph.add_node(name, work)
        graph.add_conditional_edges(name, lambda state: state["at"], ways)
    graph.add_edge(START, "plan")
    return graph.compile(checkpointer=saver)
