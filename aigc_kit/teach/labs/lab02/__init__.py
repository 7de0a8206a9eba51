"""Give figures, tables and widgets of the image lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="02",
    notebook="02_sdxl.ipynb",
    title="SDXL 文生图：从提示词到像素，FP32 对 FP16",
    cards=("tinysdxl",),
    full=("sdxl",),
    core=True,
    budget_seconds=150,
    exhibits=(Exhibit("02_wizard.json", "老法师", "课程的提示词，种子 42，没有从多张里挑"),),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "curves": ("Monitor", "adherence", "noising", "peaks", "per_attribute", "phases", "removal", "seconds"),
        "pictures": ("channels", "flow", "grid", "promise", "reading", "row", "show", "shows"),
        "tables": (
            "ablation",
            "card",
            "counts",
            "difference",
            "groups",
            "parts",
            "predicted",
            "sides",
            "times",
            "token_bar",
            "token_bars",
            "translation",
            "weights",
        ),
        "widgets": ("Film", "composer", "cookbook", "dials", "english"),
    },
)
