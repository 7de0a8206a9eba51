"""Give figures, tables, players and forms of the cross-modal lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="05",
    notebook="05_topology.ipynb",
    title="跨模态拓扑学作品：从甜甜圈到咖啡杯，一个网页",
    cards=("tinysdxl", "baker"),
    full=("sdxl", "chattts", "wan2.1-1.3b"),
    core=True,
    budget_seconds=180,
    exhibits=(Exhibit("05_story/work.json", "从甜甜圈到咖啡杯", "图片的种子是 42，没有挑；短片的每一帧都数过洞"),),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "forms": ("Marks", "Table", "Wizard", "marks", "preview", "shots", "wizard"),
        "pictures": ("coarse", "excerpt", "film", "gallery", "points", "sheet", "timeline"),
        "solids": ("bottle", "counts", "explore", "solid", "stages", "tearing", "viewer"),
        "tables": ("differences", "engines", "findings", "parts", "phrases", "rubric", "storyboard"),
    },
)
