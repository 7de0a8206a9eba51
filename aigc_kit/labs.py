"""The labs that exist: number, notebook, title, what they need. The one list that the CLI, README and tests read."""

from dataclasses import dataclass

from aigc_kit.errors import UnknownName


@dataclass(frozen=True)
class Lab:
    """A notebook of the course.

    Args:
        number: "01" .. "14".
        notebook: file name in notebooks/.
        title: in Chinese.
        cards: card names that the tiny tier reads, in the order of preference.
        full: card names that the full tier reads.
        core: part of `make labs`.
        budget_seconds: longest time that its headless run may take in the tiny tier on 2 cores.
    """

    number: str
    notebook: str
    title: str
    cards: tuple[str, ...]
    full: tuple[str, ...]
    core: bool
    budget_seconds: int


LABS = (
    Lab(
        number="01",
        notebook="01_temperature.ipynb",
        title="温度采样：temperature、top-k、top-p",
        cards=("poem", "smollm2-135m"),
        full=("qwen2.5-0.5b",),
        core=True,
        budget_seconds=60,
    ),
    Lab(
        number="02",
        notebook="02_sdxl.ipynb",
        title="SDXL 文生图：从提示词到像素，FP32 对 FP16",
        cards=("tinysdxl",),
        full=("sdxl",),
        core=True,
        budget_seconds=150,
    ),
    Lab(
        number="03",
        notebook="03_chattts.ipynb",
        title="ChatTTS 语音合成：控制标记、说话人、长文本",
        cards=("baker",),
        full=("chattts",),
        core=True,
        budget_seconds=60,
    ),
    Lab(
        number="04",
        notebook="04_wan.ipynb",
        title="Wan2.1 文生视频：让一句话动起来",
        cards=("tinywan",),
        full=("wan2.1-1.3b",),
        core=True,
        budget_seconds=120,
    ),
    Lab(
        number="05",
        notebook="05_topology.ipynb",
        title="跨模态拓扑学作品：从甜甜圈到咖啡杯，一个网页",
        cards=("tinysdxl", "baker"),
        full=("sdxl", "chattts", "wan2.1-1.3b"),
        core=True,
        budget_seconds=180,
    ),
)


def get(number: str) -> Lab:
    """The lab of that number.

    Raises:
        UnknownName: there is none.
    """
    for lab in LABS:
        if lab.number == str(number).zfill(2):
            return lab
    raise UnknownName(
        asked=f"lab {number!r}", found="no lab of that number", todo=f"choose from {[lab.number for lab in LABS]}"
    )
