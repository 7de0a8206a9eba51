"""Tables: the review, the parts of a work, what became of a prompt, the rubric, the storyboard. All text is escaped."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from aigc_kit.core.errors import AigcError
from aigc_kit.media.pages import visible
from aigc_kit.teach.show.page import TIER_ZH, WHY_ZH, Html, table
from aigc_kit.works.marks import table as rubric_rows
from aigc_kit.works.marks import total
from aigc_kit.works.rubric import MOST_POINTS

if TYPE_CHECKING:
    from aigc_kit.works import Review, Storyboard, Work
    from aigc_kit.works.prompts import Visual

_KIND = {"text": "文字", "image": "图片", "audio": "旁白", "video": "视频"}


def findings(found: "Review") -> Html:
    """The automatic review: what is in order, and what to change."""
    rows = [
        ("通过" if each.ok else "要改", each.title, visible(each.words), visible(each.todo)) for each in found.findings
    ]
    failed = len(found.failed)
    caption = "全部通过。机器只看得出这些；对不对、好不好，还要人来读。" if not failed else f"有 {failed} 项要改。"
    return table(rows, ("结论", "项目", "发现", "怎么改"), caption)


def engines() -> Html:
    """Which model does what on this machine: text, picture, voice, clip; or what stands in for it, and says so."""
    from aigc_kit.make import image, speech, video
    from aigc_kit.works.writing import can_write

    writer = can_write()
    missing = "" if writer else "粘贴你在别处得到的文章，或用教材范文（标明）"
    rows = [("文字", writer or "没有会中文的通用模型", missing)]
    for name, module, words, missing in (
        ("图片", image, "一个甜甜圈", "放进你自己的图片"),
        ("旁白", speech, "一个洞", "放进你自己的录音"),
        ("视频", video, "一个甜甜圈变成咖啡杯", "用真实的网格算出动画（程序计算，标明）"),
    ):
        try:
            card = module.plan_for(words).card
            rows.append((name, f"{card.name}（{TIER_ZH[card.tier]}）", card.licence))
        except AigcError:
            rows.append((name, "没有模型", missing))
    return table(rows, ("模态", "这台机器上", "许可，或者没有时怎么办"))


def differences(one: str, two: str, names: tuple[str, str] = ("原来", "现在")) -> Html:
    """Two prompts as one text: what was taken away is struck out, what is new is underlined.

    Args:
        one, two: the texts.
        names: what they are called.
    """
    from aigc_kit.works.writing import compared

    ratio, pieces = compared(visible(one), visible(two))
    html, plain = [], []
    for kind, before, after in pieces:
        if kind == "equal":
            html.append(escape(before))
            plain.append(before)
            continue
        if before:
            html.append(f'<del style="background:#c8443c22;color:#b03a32">{escape(before)}</del>')
            plain.append(f"[-{before}-]")
        if after:
            html.append(f'<ins style="background:#2e9e5b22;color:#1f7a44">{escape(after)}</ins>')
            plain.append(f"{{+{after}+}}")
    head = f"{names[0]} → {names[1]}：{ratio:.0%} 的字相同（difflib，实测）"
    body = f'<div style="white-space:pre-wrap;line-height:1.8;max-width:46em">{"".join(html)}</div>'
    return Html(f"<p><b>{escape(head)}</b></p>{body}", f"{head}\n{''.join(plain)}")


def parts(work: "Work") -> Html:
    """What a work has so far, and who made it."""
    rows = [
        (
            _KIND[part.kind],
            visible(part.title)[:40],
            part.label,
            visible(part.maker)[:60],
            f"{len(part.data) / 1000:,.0f} kB",
        )
        for part in work.parts
    ]
    missing = [zh for kind, zh in _KIND.items() if not work.of(kind)]  # type: ignore[arg-type]
    return table(
        rows, ("部分", "标题", "来源", "模型或作者", "大小"), f"还缺：{'、'.join(missing)}" if missing else "四种都有了"
    )


def phrases(plans: "Mapping[str, Visual] | str") -> Html:
    """What the tiny models make of prompts: the phrase in their vocabulary, what was kept, what was dropped.

    Args:
        plans: name -> `Visual`, or one text.
    """
    from aigc_kit.worlds.tinyworld.vocab import phrase

    asked = {"": plans} if isinstance(plans, str) else {name: made.tiny for name, made in plans.items()}
    rows = []
    for name, words in asked.items():
        made = phrase(words)
        kept = "、".join(each.text for each in made.kept) or "（没有）"
        dropped = "、".join(f"{each.text}（{WHY_ZH.get(each.why, each.why)}）" for each in made.dropped) or "（没有）"
        rows.append([name, *map(visible, (made.phrase or "（空）", kept, dropped))])
    return table(rows, ("", "tiny 模型读到的", "保留", "舍去"), "full 模型读到整段提示词（只懂英文的读译文）")


def rubric(work: "Work") -> Html:
    """The fifteen lines with what was measured and the learner's marks."""
    rows = [
        (
            row["level"],
            f"{row['group']} · {row['title']}",
            row["question"],
            {True: "✓ ", False: "! ", None: ""}[row["usual"]] + visible(row["hint"]),
            f"{row['points']} 分" if row["points"] else "",
            visible(row["note"]),
        )
        for row in rubric_rows(work)
    ]
    given, most = total(work)
    caption = (
        f"已评 {given} / {most} 分，每项最高 {MOST_POINTS} 分。✓ 在常见范围内，! 在范围外；没有提示的项目只能由人判断。"
    )
    return table(rows, ("层次", "项目", "问自己", "实测提示", "自评", "备注"), caption)


def storyboard(board: "Storyboard") -> Html:
    """The shots, with the time at which each begins."""
    rows = [
        (i, f"{start:.1f}", shot.seconds, visible(shot.picture), visible(shot.voice), visible(shot.sound))
        for i, (shot, start) in enumerate(zip(board.shots, board.starts, strict=True), 1)
    ]
    heads = ("镜头序号", "开始（秒）", "时长（秒）", "画面描述", "旁白", "音效/音乐")
    return table(rows, heads, f"合计 {board.total:g} 秒")


def note(words: str) -> Html:
    """A line of plain words."""
    return Html(f"<p>{escape(words)}</p>", words)
