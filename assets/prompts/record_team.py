"""Runs the article's project once by a model that knows Chinese: ``python -m assets.prompts.record_team``.

Five roles, the goal and the feedback of the course, one seed, nothing chosen. Writes ``assets/data/team.json``: the
last checkpoint with the model, the machine and the day, for machines where no such model is.
"""

import json
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.promptlab import ask
from aigc_kit.works.team import CreativeTeam

MODEL = "qwen2.5-coder-0.5b"
GOAL = "创作一篇关于量子计算的通俗易懂的科普文章，配有解释性图表"
FEEDBACK = "第二部分需要更加通俗易懂，增加实际应用的例子"


def main() -> None:
    """Run the project, and write its end."""
    asker = ask.model(MODEL, calls=60, max_new_tokens=120)
    with tempfile.TemporaryDirectory() as folder:
        crew = CreativeTeam("科普内容创作", 5, folder=Path(folder), asker=asker)
        crew.set_goal(GOAL)
        crew.start_project()
        crew.provide_feedback(FEEDBACK)
        state = dict(crew.get_final_result().state)
    where = f"{platform.machine()}，无显卡"
    row = {"where": where, "at": datetime.now(UTC).date().isoformat(), "calls": asker.ledger.live, "state": state}
    text = json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    print(paths.write_atomically(paths.assets() / "data" / "team.json", text))


if __name__ == "__main__":
    main()
