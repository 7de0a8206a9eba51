"""Give players, figures, tables and widgets of the video lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="04",
    notebook="04_wan.ipynb",
    title="Wan2.1 文生视频：让一句话动起来",
    cards=("tinywan",),
    full=("wan2.1-1.3b",),
    core=True,
    budget_seconds=120,
    exhibits=(
        Exhibit("04_clip.json", "柴犬在月球上", "课程的提示词，种子 7，没有从多段里挑"),
        Exhibit("04_consistency.png", "连不连贯，量得出来", "同一段短片和人为弄坏的几段，全部画出"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "clips": ("Progress", "player", "players", "scrub", "sheet"),
        "figures": ("brightness", "consistency", "ladder", "measures", "placements", "readings", "timeline", "words"),
        "aigc_kit.teach.show.plots": ("flow",),
    },
)
