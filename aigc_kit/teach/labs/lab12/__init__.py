"""Give figures, tables and trees of the tuning lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="12",
    notebook="12_tuning.ipynb",
    title="搜提示词，还是微调？",
    cards=("poem", "tinychat"),
    full=("qwen2.5-coder-0.5b",),
    core=True,
    budget_seconds=75,
    exhibits=(
        Exhibit("12_ways.png", "搜文字、学向量、改权重：一样的题，三种办法", "四种办法全部画出，没有挑"),
        Exhibit("12_gains.png", "同样多的调用，搜索比瞎猜强多少", "每种方法三个种子全部计入，没有挑"),
        Exhibit("12_forgetting.png", "学了新的，忘了旧的", "有没有复习各跑一次，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "figures": ("forgetting", "gains", "learning", "matrices", "race", "ways"),
        "promise": ("promise",),
        "tables": ("needs", "passes", "path"),
        "trees": ("grow", "tree"),
    },
)
