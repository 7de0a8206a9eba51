"""Show searches, memory and passes as tables."""

from collections.abc import Mapping

from aigc_kit.core.units import format_bytes
from aigc_kit.promptlab.optimise.runs import Evolution
from aigc_kit.promptlab.tune.big_run import Need
from aigc_kit.promptlab.tune.clock import Pass
from aigc_kit.teach.labs.lab12.trees import KINDS, lineage, shown
from aigc_kit.teach.show.page import Html, table


def path(run: Evolution) -> Html:
    """List the edits that led to the best prompt.

    Rows: the steps.
    """
    steps = lineage(run)
    lines = [
        (step.calls, KINDS[step.kind][0], text, round(step.score, 3))
        for step, text in zip(steps, shown([step.prompt for step in steps]), strict=True)
    ]
    caption = f"挑选用的 {run.items} 题上的分数（实测）；一共试了 {len(run.steps)} 个提示词，用了 {run.calls} 次调用"
    return table(lines, ("第几次调用", "怎么来的", "提示词", run.unit), caption, steps)


def needs(some: Mapping[str, Need]) -> Html:
    """Show what runs are predicted to need.

    Rows: the needs.
    """
    lines = [
        (
            name,
            f"{need.total / 1e9:.2f}",
            need.numbers,
            *map(format_bytes, (need.weights, need.lora, need.saved, need.bytes)),
        )
        for name, need in some.items()
    ]
    head = ("做法", "参数（十亿）", "能学的数", "冻结的权重", "LoRA、梯度、Adam", "为反向留的激活", "合计")
    caption = "预测：张量的字节逐个数出来，是准确的；内核和分配器另外要的没有算，实际会更多"
    return table(lines, head, caption, list(some.values()))


def passes(some: Mapping[str, Pass]) -> Html:
    """Show a training step with and without checkpointing.

    Rows: the passes.
    """
    names = {"off": "不开", "on": "开检查点"}
    lines = [
        (
            names[name],
            f"{each.saved / 1e6:.1f}",
            round(1000 * each.forward),
            round(1000 * each.backward),
            round(each.loss, 4),
        )
        for name, each in some.items()
    ]
    head = ("梯度检查点", "留的激活（MB）", "前向（毫秒）", "反向（毫秒）", "损失")
    return table(lines, head, "同一批数据、同样的权重；处理器时间的中位数（实测）", list(some.values()))
