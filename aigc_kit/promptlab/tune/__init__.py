"""Tune a small model: vectors, LoRA, both, or all weights.

Tuning(poet, "lora", rows)     # soft prompt, LoRA, both, all weights; saved, interrupted, resumed
adapters.merged(network)            # LoRA counted, merged, exchanged on one base
TuningSandbox(poet, rows).rehearse(steps=5).verdict   # may a four-bit rehearsal be trusted?
continual.in_turn(poet, lessons, judge, replay=own)           # what is forgotten, with and without replay
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "adapters": (),
        "big_run": (),
        "clock": (),
        "continual": (),
        "nf4": (),
        "rehearsal": ("TuningSandbox",),
        "soft": (),
        "tuning": ("WAYS", "Tuning"),
    },
)
