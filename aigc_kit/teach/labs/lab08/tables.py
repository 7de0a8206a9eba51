"""Show strategies, latencies and savings as tables."""

from collections.abc import Mapping, Sequence

import numpy as np

from aigc_kit.core.statistics import Share
from aigc_kit.promptlab import retrieval
from aigc_kit.teach.labs.lab08.experience import KeyValueRuns
from aigc_kit.teach.show.markup import Html
from aigc_kit.teach.show.page import table

_SAID: Mapping[str, str] = {"zh": "中文", "en": "英文", "mixed": "中英混写"}
Found = Mapping[str, tuple[Share, Share, tuple[float, ...]]]


def strategy_rows(found: Mapping[str, Found]) -> Html:
    """Show R@1 and R@5 of strategies by language.

    Rows: {"language", "strategy", "first", "five", "seeds"}.

    Args:
        found: language -> what `experience.spoken` gives.
    """
    rows = [
        {"language": language, "strategy": way, "first": first, "five": five, "seeds": seeds}
        for language, ways in found.items()
        for way, (first, five, seeds) in ways.items()
    ]
    names = list(next(iter(found.values())))
    lines = []
    for name in names:
        cells = []
        for ways in found.values():
            first, five, seeds = ways[name]
            cells += [f"{_of(first)}　种子 {'/'.join(f'{100 * s:.0f}' for s in seeds)}", f"{five.share:.0%}"]
        lines.append((name, *cells))
    head = ["怎么说"]
    for language in found:
        head += [f"{_SAID.get(language, language)} R@1", "R@5"]
    count = next(iter(next(iter(found.values())).values()))[0].count
    return table(lines, head, f"实测：三个种子共 {count} 个查询，括号里是 95 % 区间", rows)


def recalls(shares: Sequence[Share]) -> Html:
    """Show shares with their intervals. Rows: the shares."""
    lines = [(each.name, f"{each.held} / {each.count}", _of(each)) for each in shares]
    return table(lines, ("", "次数", "比例（95 % 区间）"), "实测", list(shares))


def latencies(waits: Mapping[str, np.ndarray]) -> Html:
    """Show mean, P50 and P99 of searches with intervals.

    Rows: `retrieval.Quantile`, P50 before P99 of each way.
    """
    rows, lines = [], []
    for name, seconds in waits.items():
        both = [retrieval.quantile(1000 * seconds, share) for share in (0.5, 0.99)]
        rows += both
        lines.append((name, len(seconds), f"{1000 * seconds.mean():.2f}", *(_range(each) for each in both)))
    return table(lines, ("", "次数", "平均", "P50", "P99"), "毫秒，实测（这一次，这台机器）；括号里是 95 % 区间", rows)


def _range(each: retrieval.Quantile) -> str:
    high = "说不上" if np.isinf(each.high) else f"{each.high:.2f}"
    return f"{each.value:.2f}（{each.low:.2f} 到 {high}）"


def savings(runs: KeyValueRuns) -> Html:
    """Show what kept keys and values saved. Rows: {"what", "value"}."""
    plain, kept = np.median(runs.plain), np.median(runs.kept)
    lines = [
        ("小 SDXL，照常", f"{plain:.2f} 秒", "实测，处理器时间的中位数"),
        ("小 SDXL，K、V 存起来", f"{kept:.2f} 秒", f"实测；图{'一模一样' if runs.same else '不一样'}"),
        ("K、V 算了 / 没有再算", f"{runs.computed} / {runs.reused} 次", "实测，一张图"),
        *(
            (f"{model} 每一步里 K、V 占", f"{100 * value:.2f} %", "X 光数出来的")
            for model, value in runs.shares.items()
        ),
        *(
            (f"{model} 3.8 秒最多变成", f"{3.8 * (1 - value):.2f} 秒", "算出来的")
            for model, value in runs.shares.items()
        ),
    ]
    rows = [{"what": name, "value": value} for name, value, _ in lines]
    return table(lines, ("", "", "怎么来的"), "交叉注意力的 K、V 缓存", rows)


def _of(share: Share) -> str:
    return f"{share.share:.0%}（{share.low:.0%}–{share.high:.0%}）"
