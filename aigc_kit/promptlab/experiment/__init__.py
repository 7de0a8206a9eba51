"""Find out by experiment whether a prompt is better.

experiment.arm("顾客 17", "回复二版", rollout=0.1)       # "A" or "B": the same on every machine, every day
experiment.needed(0.76, 0.796)                          # users an arm, before anything starts
people = experiment.Enrolment(folder / "experiments.sqlite")
people.result("回复二版").words                          # only what the design allows to say
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "assignment": ("arm", "place"),
        "bandits": ("POLICIES", "Trace", "serve"),
        "enrolment": ("Enrolment",),
        "verdict": ("Outcome", "contrast", "srm"),
        "peeking": ("alarms", "bounds", "crossing", "looked"),
        "sizes": ("detectable", "needed", "power"),
    },
)
