"""Tables: the review, the parts of a work, what became of a prompt, the rubric, the storyboard. All text is escaped."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from aigc_kit.media.pages import visible
from aigc_kit.teach.show.page import TIER_ZH, WHY_ZH, Html, table
from aigc_kit.works.marks import table as rubric_rows
from aigc_kit.works.marks import total
from aigc_kit.works.producing import makers
from aigc_kit.works.rubric import MOST_POINTS

if TYPE_CHECKING:
    from aigc_kit.works import Review, Storyboard, Work
    from aigc_kit.works.prompts import Visual

_KIND = {"text": "文字", "image": "图片", "audio": "旁白", "video": "视频"}
_STAND_INS = {
    "text": "粘贴你在别处得到的文章，或用教材范文（标明）",
    "image": "放进你自己的图片",
    "audio": "放进你自己的录音",
    "video": "用真实的网格算出动画（程序计算，标明）",
}  # kind -> what to do without a model


def findings(found: "Review") -> Html:
    """Show the automatic review: what is in order, what to change.

    Rows: the findings.
    """
    lines = [
        ("通过" if each.ok else "要改", each.title, visible(each.words), visible(each.todo)) for each in found.findings
    ]
    failed = len(found.failed)
    caption = "全部通过。机器只看得出这些；对不对、好不好，还要人来读。" if not failed else f"有 {failed} 项要改。"
    return table(lines, ("结论", "项目", "发现", "怎么改"), caption, found.findings)


def engines() -> Html:
    """Show which model does what on this machine.

    Text, picture, voice, clip; or what stands in for it, and says so. Rows: `works.producing.Maker`.
    """
    rows = makers()
    lines = []
    for row in rows:
        if row.kind == "text":
            lines.append(
                (_KIND[row.kind], row.model or "没有会中文的通用模型", "" if row.model else _STAND_INS["text"])
            )
        elif row.model:
            lines.append((_KIND[row.kind], f"{row.model}（{TIER_ZH[row.tier]}）", row.licence))
        else:
            lines.append((_KIND[row.kind], "没有模型", _STAND_INS[row.kind]))
    return table(lines, ("模态", "这台机器上", "许可，或者没有时怎么办"), rows=rows)


def differences(one: str, two: str, names: tuple[str, str] = ("原来", "现在")) -> Html:
    """Show two prompts as one text with its changes marked.

    What was taken away is struck out, what is new is underlined. Rows: {"change", "before", "after"} of every piece,
    "change" being "equal", "replace", "delete" or "insert".

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
    rows = [dict(zip(("change", "before", "after"), piece, strict=True)) for piece in pieces]
    return Html(f"<p><b>{escape(head)}</b></p>{body}", f"{head}\n{''.join(plain)}", rows)


def parts(work: "Work") -> Html:
    """Show what a work has so far, and who made it.

    Rows: {"kind", "title", "label", "maker", "bytes"}.
    """
    rows: list[dict[str, Any]] = [
        {"kind": part.kind, "title": part.title, "label": part.label, "maker": part.maker, "bytes": len(part.data)}
        for part in work.parts
    ]
    lines = [
        (
            _KIND[row["kind"]],
            visible(row["title"])[:40],
            row["label"],
            visible(row["maker"])[:60],
            f"{row['bytes'] / 1000:,.0f} kB",
        )
        for row in rows
    ]
    missing = [zh for kind, zh in _KIND.items() if not work.of(kind)]  # type: ignore[arg-type]
    caption = f"还缺：{'、'.join(missing)}" if missing else "四种都有了"
    return table(lines, ("部分", "标题", "来源", "模型或作者", "大小"), caption, rows)


def phrases(plans: "Mapping[str, Visual] | str") -> Html:
    """Show what the tiny models make of prompts.

    The phrase in their vocabulary, what was kept, what was dropped. Rows: {"name", "phrase", "kept", "dropped"}.

    Args:
        plans: name -> `Visual`, or one text.
    """
    from aigc_kit.worlds.tinyworld.vocab import phrase

    asked = {"": plans} if isinstance(plans, str) else {name: made.tiny for name, made in plans.items()}
    lines, rows = [], []
    for name, words in asked.items():
        made = phrase(words)
        kept = "、".join(each.text for each in made.kept) or "（没有）"
        dropped = "、".join(f"{each.text}（{WHY_ZH.get(each.why, each.why)}）" for each in made.dropped) or "（没有）"
        lines.append([name, *map(visible, (made.phrase or "（空）", kept, dropped))])
        rows.append({"name": name, "phrase": made.phrase, "kept": made.kept, "dropped": made.dropped})
    return table(lines, ("", "tiny 模型读到的", "保留", "舍去"), "full 模型读到整段提示词（只懂英文的读译文）", rows)


def rubric(work: "Work") -> Html:
    """Show the fifteen lines with hints and the learner's marks.

    Rows: those of `works.rubric.table`.
    """
    rows = rubric_rows(work)
    lines = [
        (
            row["level"],
            f"{row['group']} · {row['title']}",
            row["question"],
            {True: "✓ ", False: "! ", None: ""}[row["usual"]] + visible(row["hint"]),
            f"{row['points']} 分" if row["points"] else "",
            visible(row["note"]),
        )
        for row in rows
    ]
    given, most = total(work)
    caption = (
        f"已评 {given} / {most} 分，每项最高 {MOST_POINTS} 分。✓ 在常见范围内，! 在范围外；没有提示的项目只能由人判断。"
    )
    return table(lines, ("层次", "项目", "问自己", "实测提示", "自评", "备注"), caption, rows)


def storyboard(board: "Storyboard") -> Html:
    """Show the shots, with the time at which each begins.

    Rows: those of `Storyboard.table`.
    """
    lines = [
        (i, f"{start:.1f}", shot.seconds, visible(shot.picture), visible(shot.voice), visible(shot.sound))
        for i, (shot, start) in enumerate(zip(board.shots, board.starts, strict=True), 1)
    ]
    heads = ("镜头序号", "开始（秒）", "时长（秒）", "画面描述", "旁白", "音效/音乐")
    return table(lines, heads, f"合计 {board.total:g} 秒", board.table())


def note(words: str) -> Html:
    """Show a line of plain words."""
    return Html(f"<p>{escape(words)}</p>", words)
