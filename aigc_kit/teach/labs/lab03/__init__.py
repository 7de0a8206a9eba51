"""Give players, figures, tables and widgets of the speech lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="03",
    notebook="03_chattts.ipynb",
    title="ChatTTS 语音合成：控制标记、说话人、长文本",
    cards=("baker",),
    full=("chattts",),
    core=True,
    budget_seconds=60,
    exhibits=(
        Exhibit("03_story.json", "三百字的故事", "全文一次合成，没有挑"),
        Exhibit("03_dialogue.png", "三个角色的对话", "停顿是在波形上量出来的"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "figures": ("arrivals", "durations", "sound", "sounds", "timeline", "tones"),
        "widgets": (
            "Abx",
            "Progress",
            "ab",
            "changes",
            "compressed",
            "controls",
            "handled",
            "measures",
            "play",
            "player",
            "players",
            "readings",
        ),
        "aigc_kit.teach.show.plots": ("flow",),
    },
)
