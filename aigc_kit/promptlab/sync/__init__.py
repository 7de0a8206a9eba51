"""Give the same prompt to several processes, and prove it.

    report = synchronise(ids, processes=2, flip=(1, 0))   # process 1 spoils its first copy
    report.log

The course calls a broadcast "All-Gather" (E80). Broadcast: one has the prompt, all receive it. All-gather: each has
something of its own, all receive everything; it serves for comparing the hashes.
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"gloo": ("Report", "digest", "synchronise")})
