"""Give figures, tables and widgets of the lab of inspectors."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="13",
    notebook="13_inspectors.ipynb",
    title="检查器、日志、门卫、反馈：它为什么这么答，怎么越用越好",
    cards=("tinychat", "poem"),
    full=("qwen2.5-coder-0.5b",),
    core=True,
    budget_seconds=75,
    exhibits=(
        Exhibit("13_falls.png", "五种归因，谁找得准", "每个提示词都计入，没有挑"),
        Exhibit("13_cams.png", "读图器看哪里", "前六张，没有挑"),
        Exhibit("13_rounds.png", "用反馈训练：三种做法", "三次训练全部画出，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "figures": ("cams", "falls", "families", "fields", "rounds"),
        "rates": ("beyond", "exam", "guard_eval", "hits", "poem_cases", "promise", "scored"),
        "tables": ("cases", "findings", "heat", "messages", "readings"),
        "widgets": ("dial", "review"),
    },
)
