"""Show answers, differences, tokens, versions and calls as tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aigc_kit.core.statistics import Share
from aigc_kit.core.units import format_seconds
from aigc_kit.make.text import tokens as tokenizers
from aigc_kit.promptlab.trials import Change, Trial
from aigc_kit.teach.labs.lab09.checks import ARTICLE
from aigc_kit.teach.show.page import Html, table

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask.asking import Asker, Ledger
    from aigc_kit.promptlab.patterns.registry import Entry


def answers(trials: Sequence[Trial], count: int = 4) -> Html:
    """Show the answers to the first items, way by way.

    Rows: {"item", "way", "answer", "right"}.
    """
    lines, rows = [], []
    for number in range(min(count, len(trials[0].marks))):
        message = trials[0].prompts[number].rpartition("消息：")[2].partition("\n")[0]
        cells = []
        for each in trials:
            mark = each.marks[number]
            cells.append(f"{'✓' if mark else '✗'} {each.answers[number] or '（空）'}")
            rows.append({"item": message, "way": each.name, "answer": each.answers[number], "right": mark.right})
        lines.append((message, *cells))
    return table(lines, ("消息", *(each.name for each in trials)), "每种问法答的是同样的消息（实测）", rows)


def changes(some: Sequence[Change]) -> Html:
    """Show which differences are real and which are not.

    Rows: the changes.
    """
    lines = []
    for each in some:
        d = each.difference
        verdict = ("真的升了" if d.gain > 0 else "真的降了") if each.real else "看不出差别"
        interval = f"{100 * d.low:+.0f} 到 {100 * d.high:+.0f}"
        moved = f"{d.worse} 题变错，{d.better} 题变对"
        lines.append((each.first, each.second, f"{100 * d.gain:+.0f}", interval, moved, f"{each.p:.2g}", verdict))
    head = ("从", "到", "百分点", "95% 区间", "逐题比较", "p（已校正）", "结论")
    caption = (
        f"{some[0].difference.count} 道同样的题逐题比较（实测）；p 按比较了 {len(some)} 次校正（Holm），"
        "小于 0.05、区间又不含 0，才算真的"
    )
    return table(lines, head, caption, some)


def tokens(prompts: Mapping[str, str]) -> Html:
    """Show what each prompt costs each tokenizer that is here.

    Rows: {"prompt", "characters", and one count for each tokenizer}.
    """
    rows = []
    for name, text in prompts.items():
        counts = {reading.tokenizer: reading.tokens for reading in tokenizers.readings(text)}
        rows.append({"prompt": name, "characters": len(text), **counts})
    names = list(rows[0])[2:]
    lines = [(row["prompt"], row["characters"], *(row[name] for name in names)) for row in rows]
    caption = "同一个提示词，不同分词器切出的词元数（实测）；utf-8 是字节数"
    return table(lines, ("提示词", "字数", *names), caption, rows)


def history(entries: Sequence["Entry"]) -> Html:
    """Show the versions of a template. Rows: the entries."""
    lines = [(each.number, each.name, each.version, each.note) for each in entries]
    return table(lines, ("序号", "模板", "版本（内容的哈希）", "备注"), "", entries)


def choices(groups: Mapping[str, tuple[Share, Share]]) -> Html:
    """Show how often tasks are chosen wrongly, or not.

    Rows: `core.statistics.Share`, wrong ones before silent ones.
    """
    lines = [
        (name, *(f"{each.share:.0%}（{each.low:.0%} 到 {each.high:.0%}）" for each in two))
        for name, two in groups.items()
    ]
    count = next(iter(groups.values()))[0].count
    rows = [each for two in groups.values() for each in two]
    return table(lines, ("怎么选", "选错", "反问"), f"每行 {count} 个请求，括号里是 95% 区间（实测）", rows)


def calls(asker: "Asker", first: "Ledger", second: "Ledger") -> Html:
    """Show what was asked, seconds predicted beside measured.

    Rows: {"name", "value"}.

    Args:
        asker: with its ledger.
        first, second: the ledger at two moments, from whose pace the rest is predicted.
    """
    end = asker.ledger
    pace = (second.seconds - first.seconds) / max(1, second.live - first.live)
    predicted, measured = pace * (end.live - second.live), end.seconds - second.seconds
    values = {
        "现场调用": f"{end.live} 次（预算 {asker.calls}，还剩 {asker.left}）",
        "缓存里取的": f"{end.cached} 次，不算调用",
        "录下的": f"{end.recorded} 次，不算调用",
        "失败的调用": f"{end.failed} 次",
        "写出的词元": f"{end.tokens} 个",
        "用时：按开头的速度预测": f"{format_seconds(predicted)}（预测）",
        "用时：实测": f"{format_seconds(measured)}（实测），是预测的 {measured / max(predicted, 1e-9):.2f} 倍",
    }
    rows = [{"name": name, "value": value} for name, value in values.items()]
    return table(list(values.items()), (asker.model, ""), "一次调用 = 模型自己读一遍一个提示词", rows)


def article() -> Html:
    """Show the sentences among which errors hide. Rows: {"number", "sentence"}."""
    rows = [{"number": number, "sentence": sentence} for number, sentence in enumerate(ARTICLE, 1)]
    caption = "本课为练习写的，仿照模型常写的样子；不是某个模型的输出"
    return table(
        [(row["number"], row["sentence"]) for row in rows], ("句", "《一副手套讲清楚量子纠缠》"), caption, rows
    )
