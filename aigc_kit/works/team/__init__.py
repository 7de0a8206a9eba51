"""Let roles write, with a person at the gate.

team = CreativeTeam("科普内容创作", team_size=3, human_in_loop=True, folder=folder)
team.set_goal("创作一篇关于量子计算的通俗易懂的科普文章，配有解释性图表")
team.start_project()                                       # stops at the gate; every step is a checkpoint
team.asks("第二部分需要更加通俗易懂，增加实际应用的例子")      # what of it can be measured, to be edited
team.provide_feedback("第二部分需要更加通俗易懂，增加实际应用的例子")
CreativeTeam.resume(folder).get_final_result()             # in another process too
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "asks": ("Ask", "asks_in", "unmet"),
        "checkpoints": ("remembered",),
        "creative_team": ("NODES", "ROLES", "CreativeTeam"),
        "graph_nodes": ("on_langgraph",),
        "outcome": ("Asked", "Result"),
        "past_article": ("recorded",),
        "tool_calls": ("with_tools",),
        "toolbox": ("calculate", "opened", "to_check", "wrong_sums"),
    },
)
