"""Read an article that another model once wrote in Chinese."""

import json
from typing import Any

from aigc_kit.core import paths
from aigc_kit.works.team.outcome import Result


def recorded() -> tuple[Result, str]:
    """Read the recorded project, made by `assets.prompts.record_team`.

    Returns:
        The result, and in Chinese who wrote it, where and when: it is no run of this machine.
    """
    row: dict[str, Any] = json.loads((paths.assets() / "data" / "team.json").read_text(encoding="utf-8"))
    state = row["state"]
    memory = [(line["step"], line["role"], line["words"]) for line in state["trace"]]
    told = f"录下的：{state['model']} 在另一台机器上（{row['where']}，{row['at']}），种子 {state['seed']}，没有挑"
    return Result(state, row["calls"], memory), told
