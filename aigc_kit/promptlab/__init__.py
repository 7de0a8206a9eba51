"""Measure, version and optimise prompts.

ask.model("tinychat", calls=500)        # one way to call any model, every call counted
patterns.pattern("feynman").fill(...)   # templates with typed slots, versions by content
alignment.exercises.judge(...)          # scores of answers, and what they miss
optimise.PromptOptimizer(task).evolve(...)   # prompts searched at a counted budget
tune.Tuning(engine, "lora", rows)  # vectors, LoRA, all weights
schema.ask(schema.order(), tiny, [...]) # answers that a program can read: asked again, mended, masked
retrieval.ClipIndex(retrieval.towers())  # pictures found by words, R@k with intervals, what a CLIP cannot see
budget.keep(engine, *budget.information(engine, "", text), 0.5)  # shorter prompts; terms that answers keep to
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "alignment": (),
        "ask": (),
        "budget": (),
        "caches": (),
        "optimise": (),
        "patterns": (),
        "retrieval": (),
        "schema": (),
        "tune": (),
    },
)
