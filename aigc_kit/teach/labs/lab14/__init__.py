"""Give figures, tables and widgets of the lab of versions."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="14",
    notebook="14_versions.ipynb",
    title="版本与实验：新提示词能不能发布，是不是真的更好",
    cards=("tinychat", "tinysdxl"),
    full=("qwen2.5-0.5b",),
    core=True,
    budget_seconds=60,
    exhibits=(
        Exhibit("14_peeking.png", "两版一模一样，偷看十次", "模拟 A/A 实验的前 200 次，全部画出，没有挑"),
        Exhibit("14_looks.png", "看的次数和误报", "每个点 2000 次模拟，全部计入"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "evidence": ("alike", "encoders", "pair_codes", "queue", "stream"),
        "figures": ("alarm_curve", "paths", "policies", "promise", "rates", "risks", "topics", "waits"),
        "tables": ("arms", "codes", "edits", "findings", "outcome", "pair_errors", "sizes"),
        "widgets": ("look", "play"),
    },
)
