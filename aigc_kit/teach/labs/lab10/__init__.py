"""Give figures, tables, widgets of the lab of schemas."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="10",
    notebook="10_structured.ipynb",
    title="受控输出与预算：合格式不等于对，短不等于够",
    cards=("tinychat",),
    full=("qwen2.5-0.5b",),
    core=True,
    budget_seconds=75,
    exhibits=(
        Exhibit("10_valid.png", "合格式和答对，分开数", "每种问法 60 条消息，全部计入"),
        Exhibit("10_compression.png", "词元少了，还答得对吗？", "231 个问题，每种压缩法全部计入"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "anchoring": ("harmed", "term_ways"),
        "checks": (),
        "extraction": ("AS_JSON", "behind_mask", "by_chance", "caps", "elsewhere", "items", "prompts", "ways"),
        "figures": ("compression", "kept_terms", "lengths", "promise", "scatter", "valid"),
        "squeezing": ("BEFORE", "points"),
        "tables": ("asked_twice", "calls", "densities", "engines", "examples", "refusals", "shortened", "terms"),
        "widgets": ("editor", "squeeze"),
    },
)
