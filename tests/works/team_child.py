"""A team in a process of its own, which dies where it is told: python team_child.py FOLDER NODE PHASE NUMBER."""

import os
import signal
import sys
from pathlib import Path

GOAL = "about black holes"
FEEDBACK = "第二部分更通俗，增加例子"


class Logged:
    """A writer whose every answer is a line of a file: who asked twice, stands there twice."""

    model, origin, batch = "smollm2-135m", "live", 1

    def __init__(self, folder: Path) -> None:
        self.identity = {"bytes": "fake"}
        self.file = folder / "calls.log"

    def answers(self, prompts, how):
        from aigc_kit.promptlab.ask.backends import Reply

        told = []
        for prompt in prompts:
            with self.file.open("a", encoding="utf-8") as log:
                log.write(f"{how.seed} {prompt!r}\n")
            simple = "Use very short" in prompt
            words = (
                "A hole. It is dark. For example, a star."
                if simple
                else "A black hole is a place in space where gravity wins 3 times."
            )
            told.append(Reply(f"{words} Run {how.seed}.", 9, 0.0))
        return told


def team(folder: Path, new: bool):
    """The team, begun or resumed."""
    from aigc_kit.promptlab.ask import AnswerCache, Asker
    from aigc_kit.works.team import CreativeTeam
    from aigc_kit.works.team.checkpoints import ANSWERS

    asker = Asker(Logged(folder), cache=AnswerCache(folder / ANSWERS))
    if not new:
        return CreativeTeam.resume(folder, asker=asker)
    made = CreativeTeam(team_size=5, folder=folder, asker=asker)
    made.set_goal(GOAL)
    return made


def work(folder: Path, on_step=None):
    """Go on from wherever the project stands, to its end: one round of feedback."""
    from aigc_kit.works.team.checkpoints import steps

    project = team(folder, new=not steps(folder))
    project.start_project(on_step)
    if project.state["at"] == "gate" and len(project.state["drafts"]) == 1:
        project.provide_feedback(FEEDBACK, on_step=on_step)
    return project.get_final_result(on_step)


if __name__ == "__main__":
    place, left = tuple(sys.argv[2:4]), [int(sys.argv[4])]

    def die(*where: str) -> None:
        """Die at the n-th time of this place, as a power cut would."""
        if where == place:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    work(Path(sys.argv[1]), die)
