"""Give figures, tables and widgets of the drawing lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="02a",
    notebook="02a_sdxl.ipynb",
    title="SDXL 文生图：从提示词到像素",
    cards=("tinysdxl",),
    full=("sdxl",),
    core=True,
    budget_seconds=90,
    exhibits=(Exhibit("02_wizard.json", "老法师", "课程的提示词，种子 42，没有从多张里挑"),),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "curves": ("adherence", "noising", "per_attribute", "removal"),
        "pictures": ("channels", "flow", "grid", "promise", "reading", "row", "show", "shows"),
        "tables": (
            "card",
            "counts",
            "groups",
            "parts",
            "shifts",
            "token_bar",
            "token_bars",
            "translation",
            "weights",
        ),
        "widgets": ("Film", "composer", "cookbook", "dials", "english"),
    },
)
