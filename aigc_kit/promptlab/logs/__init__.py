"""Read logs in two ways, and queue what differs.

labeller = Labeller().fit(lines)          # a sequence labeller, with a confidence for each field
sorter = Log2Align(labeller)              # beside it one pattern
accepted, doubtful = sorter.sort(texts)   # both agree and are sure (> .85), or a person looks
queue = ReviewQueue(accepted, doubtful)   # what a person says becomes rows of a dataset
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "line_patterns": ("PATTERN", "by_pattern", "cleaned"),
        "labeller": ("Labeller",),
        "review_queue": ("ReviewQueue",),
        "sorting": ("LIMIT", "Log2Align", "Reading", "field_scores"),
    },
)
