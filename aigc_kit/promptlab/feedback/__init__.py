"""Let users' feedback improve the next model, without fooling oneself.

    store = FeedbackStore(folder / "feedback.sqlite")
    store.answered("m1", prompt, answer)                  # private data masked before it is written
    store.rate("m1", "dislike", user="u7", event="e1")    # or store.dwell(...), store.broken(...)
    for case in store.queue(20):
        store.decide(case.message, "漏发")                 # a person says what would have been right
    versions = Versions(folder / "versions", engine)
    round = versions.train(store.rows(), replay=old, judge=judge)     # LoRA; judged on what nobody trained on
    versions.roll_back()

Clicks say where to look, not what is right: liked answers are no truth.
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "crowd": ("Crowd",),
        "feedback_desk": ("desk",),
        "event_store": ("SHORT", "Case", "FeedbackStore", "masked"),
        "versions": ("Round", "Versions"),
    },
)
