"""Tables: the review, the parts of a work, what became of a prompt, the rubric, the storyboard. All text is escaped."""

from html import escape
from typing import TYPE_CHECKING

from aigc_kit.show.page import Html, table
from aigc_kit.show.worlds import WHY_ZH
from aigc_kit.story.clean import visible
from aigc_kit.story.rubric import MOST_POINTS, total
from aigc_kit.story.rubric import table as rubric_rows

if TYPE_CHECKING:
    from aigc_kit.story import Review, Storyboard, Work

_KIND = {"text": "文字", "image": "图片", "audio": "旁白", "video": "视频"}


def findings(found: "Review") -> Html:
    """The automatic review: what is in order, and what to change."""
    rows = [
        ("通过" if each.ok else "要改", each.title, visible(each.words), visible(each.todo)) for each in found.findings
    ]
    failed = len(found.failed)
    caption = "全部通过。机器只看得出这些；对不对、好不好，还要人来读。" if not failed else f"有 {failed} 项要改。"
    return table(rows, ("结论", "项目", "发现", "怎么改"), caption)


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


def phrases(prompt: str) -> Html:
    """What the tiny models make of a prompt: the phrase in their vocabulary, what was kept, what was dropped."""
    from aigc_kit.tinyworld.vocab import phrase

    made = phrase(prompt)
    kept = "、".join(each.text for each in made.kept) or "（没有）"
    dropped = "、".join(f"{each.text}（{WHY_ZH.get(each.why, each.why)}）" for each in made.dropped) or "（没有）"
    rows = [("full 模型得到", prompt), ("tiny 模型得到", made.phrase or "（空）"), ("保留", kept), ("舍去", dropped)]
    return table([(name, visible(value)) for name, value in rows], ("", "提示词"))


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
