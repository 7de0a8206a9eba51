"""Give figures, tables and widgets of the lab of prompts."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="09",
    notebook="09_prompts.ipynb",
    title="提示词模式：例子、说法、步骤、角色，量出来再说",
    cards=("tinychat",),
    full=("qwen2.5-0.5b",),
    core=True,
    budget_seconds=75,
    exhibits=(
        Exhibit("09_wordings.png", "同一件事，三十种说法", "三十种说法是事先写好的，全部画出，没有挑"),
        Exhibit("09_shots.png", "例子越多越好吗？", "每种问法 100 题，全部计入"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "figures": ("bars", "beliefs", "pairs", "promise", "shots", "wordings"),
        "tables": ("answers", "article", "calls", "changes", "choices", "history", "tokens"),
        "ways": (
            "BARE",
            "WITHIN",
            "by_new_labels",
            "by_order",
            "by_role",
            "by_shots",
            "by_steps",
            "by_wording",
            "decoded",
            "elsewhere",
            "examples",
            "items",
            "known",
            "tasks",
        ),
        "widgets": ("live", "play"),
    },
)
