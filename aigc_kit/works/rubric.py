"""List fifteen lines of evaluation on three levels."""

from dataclasses import dataclass
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

MOST_POINTS = 5


@dataclass(frozen=True)
class Criterion:
    """Describe one line: name, level, group, title, question."""

    name: str
    level: str
    group: str
    title: str
    question: str


CRITERIA = (
    Criterion("text.right", "单一模态", "文本", "科学准确", "洞、连续变形说对了吗？有没有编造的事实？"),
    Criterion("text.plain", "单一模态", "文本", "通俗生动", "不学拓扑的同学读得懂吗？比喻贴切吗？"),
    Criterion("text.whole", "单一模态", "文本", "结构完整", "有开头、有步骤、有结尾吗？长度合适吗？"),
    Criterion("image.topic", "单一模态", "图像", "切合主题", "看得出甜甜圈和杯子的联系吗？"),
    Criterion("image.craft", "单一模态", "图像", "画面质量", "清晰吗？有没有扭曲、多余的东西？"),
    Criterion("image.idea", "单一模态", "图像", "创意表现", "有没有自己的想法，而不是套模板？"),
    Criterion("audio.clear", "单一模态", "音频", "清晰可懂", "每个字都听得清吗？音量合适吗？"),
    Criterion("audio.pace", "单一模态", "音频", "语速停顿", "快慢合适吗？该停的地方停了吗？"),
    Criterion("audio.tone", "单一模态", "音频", "语气感染", "语气和内容配吗？愿意听完吗？"),
    Criterion("between.theme", "模态之间", "一致性", "主题一致", "文字、画面、声音说的是同一件事吗？"),
    Criterion("between.style", "模态之间", "一致性", "风格一致", "色调和语气像出自同一个作品吗？"),
    Criterion("between.rhythm", "模态之间", "一致性", "节奏一致", "画面变化和旁白合拍吗？"),
    Criterion("whole.complete", "整体", "作品", "完整可用", "别人只拿到这一个网页，看得全、读得懂吗？"),
    Criterion("whole.honest", "整体", "作品", "来源清楚", "每个部分是谁做的、用什么做的，写明了吗？"),
    Criterion("whole.moving", "整体", "作品", "打动读者", "看完想讲给别人听吗？"),
)


@dataclass(frozen=True)
class Hint:
    """Hold a measurement in words, and whether it is usual.

    None: no range is known.
    """

    words: str
    usual: bool | None = None


def criterion(name: str) -> Criterion:
    """Find a line by its name.

    Raises:
        BadInput: there is none.
    """
    for line in CRITERIA:
        if line.name == name:
            return line
    names = [line.name for line in CRITERIA]
    raise BadInput(
        asked=Words(f"the line {name!r}", f"评分项 {name!r}"),
        found=Words("no such line", "没有这一项"),
        todo=Words(", ".join(names), f"从 {'、'.join(names)} 里选"),
    )


def check_mark(name: str, points: Any) -> None:
    """Refuse a mark that is not 1 to 5 points."""
    criterion(name)
    if not isinstance(points, int) or isinstance(points, bool) or not 1 <= points <= MOST_POINTS:
        raise BadInput(
            asked=Words(f"{points!r} points", f"{points!r} 分"),
            found=Words("not a mark", "这不是分数"),
            todo=Words(f"give 1 to {MOST_POINTS}", f"给 1 到 {MOST_POINTS} 分"),
        )
