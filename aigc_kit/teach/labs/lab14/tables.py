"""Show releases, errors of checks, sizes and outcomes as tables."""

from collections.abc import Mapping, Sequence
from html import escape

from aigc_kit.core.statistics import Share
from aigc_kit.media.pages import visible
from aigc_kit.promptlab import diff, experiment
from aigc_kit.promptlab.diff.pairs import WAYS
from aigc_kit.promptlab.diff.release import Release
from aigc_kit.promptlab.diff.report import NAMES, STATES, VERDICTS
from aigc_kit.promptlab.experiment.verdict import Outcome
from aigc_kit.teach.show.markup import CARD, Html
from aigc_kit.teach.show.page import table

_WAYS: Mapping[str, str] = {
    "fingerprint": "指纹一样",
    "e5": "余弦够大（e5，录下的）",
    "bigrams": "余弦够大（字的二元组，现算）",
    "facts": "数字、否定、格式、槽一样",
    "e5 and facts": "余弦够大（e5），字面事实也一样",
}
_GONE = "background:#c8443c33;text-decoration:line-through"
_NEW = "background:#2e9e5b33;text-decoration:underline"


def findings(release: Release) -> Html:
    """Show what each check says. Rows: the findings."""
    lines = [(NAMES[each.check].zh, STATES[each.state].zh, each.says.zh) for each in release.findings]
    caption = f"{VERDICTS[release.code].zh}，退出码 {release.code}"
    return table(lines, ("检查", "结论", "看到什么"), caption, release.findings)


def edits(release: Release) -> Html:
    """Show which text went and which came, as text."""
    style = {"gone": _GONE, "new": _NEW, "same": ""}
    spans = "".join(f'<span style="{style[kind]}">{escape(visible(text))}</span>' for kind, text in release.changes)
    words = "".join({"gone": f"[-{t}-]", "new": f"[+{t}+]", "same": t}[kind] for kind, t in release.changes)
    html = f'<div style="{CARD};white-space:pre-wrap;font-size:16px">{spans}</div>'
    return Html(html, words, [{"kind": kind, "text": text} for kind, text in release.changes])


def pair_errors(threshold: float = 0.85) -> Html:
    """Count the errors of each check on 60 pairs.

    Rows: `core.statistics.Share`, changed ones that pass before paraphrases that are stopped.
    """
    counts = {way: diff.errors(way, threshold) for way in WAYS}
    lines = [(_WAYS[way], _of(passed), _of(stopped)) for way, (passed, stopped) in counts.items()]
    caption = f"余弦的阈值 {threshold:g}。60 对提示词，30 对意思没变、30 对变了（本项目写的）；括号里是 95% 区间"
    return table(
        lines, ("放行的条件", "意思变了却放行", "意思没变却拦下"), caption, [s for two in counts.values() for s in two]
    )


def codes(releases: Mapping[str, tuple[Release, Release]]) -> Html:
    """Show the ten pairs: expected, and what came out.

    Rows: {"name", "expected", "plain", "ruled"}.
    """
    rows, lines = [], []
    for name, (plain, ruled) in releases.items():
        fine = diff.TEN[name][2]
        change = plain.difference
        rows.append({"name": name, "expected": int(not fine), "plain": plain.code, "ruled": ruled.code})
        right = (
            "" if change is None else f"{100 * change.gain:+.0f}（{100 * change.low:+.0f} 到 {100 * change.high:+.0f}）"
        )
        lines.append((name, int(not fine), plain.code, ruled.code, f"{plain.changed} / {len(plain.rows)}", right))
    head = ("改了什么", "写的时候以为", "只运行", "运行加断言", "回答变了", "答对的变化（百分点）")
    return table(lines, head, "退出码：0 可以发布，1 先别发布。60 条固定输入，tinychat 实测", rows)


def sizes(rows: Sequence[tuple[str, float, float, float]]) -> Html:
    """Show how many users experiments need.

    Rows: {"name", "old", "new", "arm", "total"}.

    Args:
        rows: name, old share, new share, rollout of the new prompt.
    """
    records = []
    for name, old, new, rollout in rows:
        ratio = rollout / (1 - rollout)
        arm = experiment.needed(old, new, ratio=ratio)
        records.append({"name": name, "old": old, "new": new, "arm": arm, "total": arm + round(ratio * arm)})
    lines = [(r["name"], f"{r['old']:.1%} → {r['new']:.1%}", f"{r['arm']:,}", f"{r['total']:,}") for r in records]
    caption = "有差别时 80 % 看得出、没差别时 5 % 误报（预测：公式）"
    return table(lines, ("实验", "满意的比例", "旧版要多少人", "一共多少人"), caption, records)


def outcome(result: Outcome) -> Html:
    """Show an outcome, its soundness first. Rows: the outcome."""
    lines = [
        ("分组", f"旧版 {result.enrolled[0]} 人，新版 {result.enrolled[1]} 人；要的比例 {result.rollout:.0%}"),
        ("SRM", f"p = {result.srm:.2g}：{'没有坏' if result.sound else '坏了'}"),
        ("旧版满意", _of(result.old)),
        ("新版满意", _of(result.new)),
        ("比例调高以前来的", f"{result.left_out} 人，不计入"),
        ("结论", result.words),
    ]
    return table(lines, (result.experiment, ""), "", [result])


def arms(shares: Mapping[str, Share]) -> Html:
    """Show shares with their intervals. Rows: the shares."""
    lines = [
        (name, f"{share.share:.1%}", f"{share.low:.1%} 到 {share.high:.1%}", share.count)
        for name, share in shares.items()
    ]
    return table(lines, ("", "比例", "95% 区间", "次数"), "模拟", list(shares.values()))


def _of(share: Share) -> str:
    return f"{share.held} / {share.count}（{share.share:.0%}，{share.low:.0%} 到 {share.high:.0%}）"
