"""Give figures, tables and widgets of the temperature lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Lab

LAB = Lab(
    number="01",
    notebook="01_temperature.ipynb",
    title="温度采样：temperature、top-k、top-p",
    cards=("poem", "smollm2-135m"),
    full=("qwen2.5-0.5b",),
    core=True,
    budget_seconds=60,
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "answers": ("answers", "falls", "judged", "repeats"),
        "checks": (),
        "figures": (
            "SHOWN",
            "attention",
            "filters",
            "loop",
            "play",
            "readings",
            "scores",
            "searches",
            "shares",
            "step",
            "sweep",
            "temperatures",
            "truncation",
            "verses",
        ),
        "aigc_kit.make.text.measures": ("telling_head",),
    },
)
