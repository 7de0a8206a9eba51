"""Give figures, tables and widgets of the temperature lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="01",
    notebook="01_temperature.ipynb",
    title="温度采样：temperature、top-k、top-p",
    cards=("poem", "smollm2-135m", "tinychat"),
    full=("qwen2.5-0.5b",),
    core=True,
    budget_seconds=60,
    exhibits=(
        Exhibit("01_verse.png", "温度升高，诗还守不守格律？", "每个温度写 10 首，全部计入，没有挑"),
        Exhibit("01_text.json", "接着写：人工智能的未来", "种子 1，只写了这一次，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "outcomes": ("answers", "falls", "judged", "repeats"),
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
