"""Give figures, tables and widgets of the last lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="15",
    notebook="15_audit.ipynb",
    title="一句话，四种模态；一支有人把关的团队；每句宣传都查一遍",
    cards=("tinysdxl", "tinywan", "tunes", "tinychat", "smollm2-135m", "poem"),
    full=("sdxl", "qwen2.5-coder-0.5b"),
    core=True,
    budget_seconds=120,
    exhibits=(
        Exhibit("15_piece/work.json", "一句话做成的作品", "每种模态只抽一次，没有挑"),
        Exhibit("15_reactions.png", "哪种量法看得见哪种坏", "全部列出，没有挑"),
        Exhibit("15_audit.png", "九十七条，一条一条查", "全部列出，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "aigc_kit.teach.show.claims": ("errata",),
        "checks": (),
        "diagrams": ("amplitudes", "chart", "grover", "qubit"),
        "figures": ("counted", "drawn", "few", "fifty", "kinds", "promise"),
        "tables": ("asked", "display_multimodal_content", "needs", "read_back", "trace"),
        "twenty": ("Trials", "twenty"),
        "widgets": ("browse", "gate"),
    },
)
