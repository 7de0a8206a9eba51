"""Measure, version and optimise prompts.

ask.model("tinychat", calls=500)        # one way to call any model, every call counted
patterns.pattern("feynman").fill(...)   # templates with typed slots, versions by content
alignment.exercises.judge(...)          # scores of answers, and what they miss
optimise.PromptOptimizer(task).evolve(...)   # prompts searched at a counted budget
tune.Tuning(engine, "lora", rows)  # vectors, LoRA, all weights
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"alignment": (), "ask": (), "optimise": (), "patterns": (), "tune": ()})
