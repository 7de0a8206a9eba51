"""Show tables of a work, all text escaped."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from aigc_kit.media.pages import visible
from aigc_kit.teach.show.page import TIER_ZH, WHY_ZH, Html, table
from aigc_kit.works.marks import table as rubric_rows
from aigc_kit.works.marks import total
from aigc_kit.works.producing import makers
from aigc_kit.works.rubric import MOST_POINTS

if TYPE_CHECKING:
    from aigc_kit.works import Review, Storyboard, Work
    from aigc_kit.works.prompts import Visual

_TAKEN = ('<del style="background:#c8443c22;color:#b03a32">{}</del>', "[-{}-]")
_NEW = ('<ins style="background:#2e9e5b22;color:#1f7a44">{}</ins>', "{{+{}+}}")
_KIND = {"text": "文字", "image": "图片", "audio": "旁白", "video": "视频"}
_STAND_INS = {
    "text": "粘贴你在别处得到的文章，或用教材范文（标明）",
    "image": "放进你自己的图片",
    "audio": "放进你自己的录音",
    "video": "用真实的网格算出动画（程序计算，标明）",
}  # kind -> what to do without a model


def findings(found: "Review") -> Html:
    """Show the automatic review. Rows: the findings."""
    lines = [
        ("通过" if each.ok else "要改", each.title, visible(each.words), visible(each.todo)) for each in found.findings
    ]
    caption = "全部通过。机器只看得出这些；对不对、好不好，还要人来读。"
    if found.failed:
        caption = f"有 {len(found.failed)} 项要改。"
    return table(lines, ("结论", "项目", "发现", "怎么改"), caption, found.findings)


def engines() -> Html:
    """Show which model does what on this machine.

    Text, picture, voice, clip; or what stands in for it, and says so. Rows: `works.producing.Maker`.
    """
    rows = makers()
    lines = []
    for row in rows:
        text = row.kind == "text"
        if row.model:
            maker, right = row.model if text else f"{row.model}（{TIER_ZH[row.tier]}）", "" if text else row.licence
        else:
            maker, right = "没有会中文的通用模型" if text else "没有模型", _STAND_INS[row.kind]
        lines.append((_KIND[row.kind], maker, right))
    return table(lines, ("模态", "这台机器上", "许可，或者没有时怎么办"), rows=rows)


def differences(one: str, two: str, names: tuple[str, str] = ("原来", "现在")) -> Html:
    """Show two prompts as one text with its changes marked.

    What was taken away is struck out, what is new is underlined. Rows: {"change", "before", "after"} of every piece,
    "change" being "equal", "replace", "delete" or "insert".
    """
    from aigc_kit.works.writing import compared

    ratio, pieces = compared(visible(one), visible(two))
    html, plain = [], []
    for kind, before, after in pieces:
        marks = (("{}", "{}", before),) if kind == "equal" else ((*_TAKEN, before), (*_NEW, after))
        for tag, sign, text in marks:
            if text:
                html.append(tag.format(escape(text)))
                plain.append(sign.format(text))
    head = f"{names[0]} → {names[1]}：{ratio:.0%} 的字相同（difflib，实测）"
    body = f'<div style="white-space:pre-wrap;line-height:1.8;max-width:46em">{"".join(html)}</div>'
    rows = [dict(zip(("change", "before", "after"), piece, strict=True)) for piece in pieces]
    return Html(f"<p><b>{escape(head)}</b></p>{body}", f"{head}\n{''.join(plain)}", rows)


def parts(work: "Work") -> Html:
    """Show what a work has so far, and its makers.

    Rows: {"kind", "title", "label", "maker", "bytes"}.
    """
    lines, rows = [], []
    for part in work.parts:
        names, size = (visible(part.title)[:40], part.label, visible(part.maker)[:60]), len(part.data)
        lines.append((_KIND[part.kind], *names, f"{size / 1000:,.0f} kB"))
        rows.append({"kind": part.kind, "title": part.title, "label": part.label, "maker": part.maker, "bytes": size})
    missing = [zh for kind, zh in _KIND.items() if not work.of(kind)]  # type: ignore[arg-type]
    caption = f"还缺：{'、'.join(missing)}" if missing else "四种都有了"
    return table(lines, ("部分", "标题", "来源", "模型或作者", "大小"), caption, rows)


def phrases(plans: "Mapping[str, Visual] | str") -> Html:
    """Show what the tiny models make of prompts.

    The phrase in their vocabulary, what was kept, what was dropped. Rows: {"name", "phrase", "kept", "dropped"}.
    `plans`: name -> `Visual`, or one text.
    """
    from aigc_kit.worlds.tinyworld.vocab import phrase

    texts = {"": plans} if isinstance(plans, str) else {name: plan.tiny for name, plan in plans.items()}
    lines, rows = [], []
    for name, words in texts.items():
        read = phrase(words)
        stays = "、".join(each.text for each in read.kept) or "（没有）"
        rest = "、".join(f"{each.text}（{WHY_ZH.get(each.why, each.why)}）" for each in read.dropped) or "（没有）"
        lines.append([name, *map(visible, (read.phrase or "（空）", stays, rest))])
        rows.append({"name": name, "phrase": read.phrase, "kept": read.kept, "dropped": read.dropped})
    return table(lines, ("", "tiny 模型读到的", "保留", "舍去"), "full 模型读到整段提示词（只懂英文的读译文）", rows)


def rubric(work: "Work") -> Html:
    """Show the fifteen lines with hints and the learner's marks.

    Rows: those of `works.marks.table`.
    """
    rows, lines = rubric_rows(work), []
    for row in rows:
        hint = {True: "✓ ", False: "! ", None: ""}[row["usual"]] + visible(row["hint"])
        mark, title = f"{row['points']} 分" if row["points"] else "", f"{row['group']} · {row['title']}"
        lines.append((row["level"], title, row["question"], hint, mark, visible(row["note"])))
    points, most = total(work)
    caption = f"已评 {points} / {most} 分，每项最高 {MOST_POINTS} 分。"
    caption += "✓ 在常见范围内，! 在范围外；没有提示的项目只能由人判断。"
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
