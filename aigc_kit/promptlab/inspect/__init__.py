"""See which words of a prompt an answer stands on.

inspector = AlignInspector(engine)                       # deletes a word by writing <unk> in its place
reason = inspector.explain(prompt, "退款", "shapley")     # .words, .scores in nats, .operator, .evaluations
curve = deletion.curve(inspector.question(prompt, "退款"), reason.scores)

Every method answers another question, and the way in which a word is deleted decides with: so it is named.
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "attributions": ("METHODS", "AlignInspector", "Explanation"),
        "cam": ("grad_cam", "pointing_game"),
        "deletion": ("curve", "fall", "hit", "random_curves"),
        "libraries": ("by_captum", "by_lime", "by_shap"),
        "question": ("OPERATORS", "Question"),
    },
)
