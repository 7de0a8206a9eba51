"""Search prompts at a counted budget, gains with intervals.

run = PromptOptimizer("text_classification").evolve("判断以下文本的情感倾向：{text}", items, "accuracy", iterations=10)
run.prompt, run.calls, run.steps     # the best on the development items, what was spent, the tree
against_start([run]).words           # "没有提升" where the interval holds zero
against(runs, random_runs).words     # at equal calls, over items and seeds
evolve_by_gepa(prompt, items, ask.model("tinychat", max_new_tokens=24))   # DSPy's GEPA, an extra
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "gepa": ("evolve_by_gepa",),
        "gains": ("Gain", "against", "against_start"),
        "many": ("evolutions",),
        "methods": ("METHODS",),
        "objectives": ("Answers", "Likelihood", "characters"),
        "optimizer": ("PromptOptimizer",),
        "runs": ("Evolution", "Step"),
        "spaces": ("Edit", "Prefixes", "Rewritten", "Wordings"),
    },
)
