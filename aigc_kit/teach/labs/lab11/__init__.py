"""Give figures, tables and sliders of the alignment lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="11",
    notebook="11_alignment.ipynb",
    title="对齐度量：分数说了什么，没说什么",
    cards=("poem", "smollm2-135m"),
    full=("qwen2.5-coder-0.5b",),
    core=True,
    budget_seconds=75,
    exhibits=(
        Exhibit("11_overlap.png", "语法树像不像，和程序对不对", "程序和改错的程序全部计入，没有挑"),
        Exhibit("11_sights.png", "每把尺子看得见哪些毛病", "五十首唐诗全部计入，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "classes": ("recalls",),
        "figures": ("at_angle", "descent", "kinds", "overlap", "play", "recall", "sights"),
        "poems": ("KINDS", "damaged", "likelihoods", "per_token", "quatrains", "seen"),
        "programs": ("answers", "changed", "live", "people", "separation"),
        "tables": ("confusions", "guards", "hostile", "pieces", "programs_table"),
    },
)
