"""Give figures, tables and widgets of the lab of retrieval."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="08",
    notebook="08_retrieval.ipynb",
    title="CLIP 与检索：用一句话找图，和它看不见的东西",
    cards=("tinysdxl",),
    full=("siglip2",),
    core=True,
    budget_seconds=75,
    exhibits=(
        Exhibit("08_growth.png", "从零训练，相似度矩阵长出对角线", "一次训练，没有挑"),
        Exhibit("08_pairs.png", "只差一个属性的两张图，认得出哪张吗", "每个属性 500 对，训练前就定好"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "experience": ("KeyValueRuns", "Lesson", "key_values", "learned", "own_pictures", "spoken", "stream", "waits"),
        "figures": ("beside", "curves", "growth", "matrix", "pair_shares", "promise", "shown"),
        "tables": ("latencies", "recalls", "savings", "strategy_rows"),
        "widgets": ("look", "threshold"),
    },
)
