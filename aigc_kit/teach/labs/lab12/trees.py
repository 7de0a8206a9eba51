"""Draw how a search grows: prompts, their parents, their scores."""

from collections.abc import Mapping, Sequence

from aigc_kit.media.fonts import label
from aigc_kit.promptlab.optimise.runs import Evolution, Step
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas, follow, patch

KINDS: Mapping[str, tuple[str, str, str]] = {
    "start": ("起点", "start", "#333333"),
    "draw": ("重新抽", "drawn", GREY),
    "word": ("换词", "word", BLUE),
    "phrase": ("换短语", "phrase", ORANGE),
    "sentence": ("加减句子", "sentence", GREEN),
    "cross": ("两句杂交", "crossed", "#8e5bd0"),
    "gradient": ("按梯度换", "gradient", RED),
    "model": ("模型改写", "model", "#b05f8f"),
}


def lineage(run: Evolution) -> list[Step]:
    """Follow the best prompt back to its beginning, that first."""
    known = {step.prompt: step for step in run.steps}
    steps = [run.best]
    while steps[-1].parents:
        parents = [known[parent] for parent in steps[-1].parents]
        steps.append(max(parents, key=lambda step: step.score))
    return steps[::-1]


def tree(run: Evolution, calls: int | None = None) -> Picture:
    """Draw the tree of a search: a point a prompt.

    Rows: the steps that are drawn.

    Args:
        run: of `PromptOptimizer.evolve`.
        calls: as far as so many calls; None: all.
    """
    steps = [step for step in run.steps if calls is None or step.calls <= calls]
    figure, (axis,) = canvas(width=WIDEST, height=3.8)
    places = {step.prompt: (step.calls, step.score) for step in steps}
    for step in steps:
        for parent in step.parents:
            axis.plot(*zip(places[parent], places[step.prompt], strict=True), color="#8884", linewidth=0.8, zorder=1)
    whole = calls is None or calls >= run.calls
    if whole:
        path = lineage(run)
        axis.plot([s.calls for s in path], [s.score for s in path], color="#333", linewidth=2, zorder=2)
    kinds = [kind for kind in KINDS if any(step.kind == kind for step in steps)]
    for kind in kinds:
        some = [step for step in steps if step.kind == kind]
        axis.scatter([s.calls for s in some], [s.score for s in some], color=KINDS[kind][2], s=34, zorder=3)
    axis.set_xlim(0, run.calls + 1)
    scores = [step.score for step in run.steps]
    margin = 0.06 * (max(scores) - min(scores) or 1)
    axis.set_ylim(min(scores) - margin, max(scores) + margin)
    axis.set_xlabel(label("用掉的调用", "calls spent"), fontsize=12)
    axis.set_ylabel(label(run.unit, "score"), fontsize=12)
    handles = [patch(KINDS[kind][2], label(*KINDS[kind][:2])) for kind in kinds]
    figure.legend(handles=handles, frameon=False, fontsize=SMALL, loc="outside upper center", ncols=max(len(kinds), 1))
    best = max(steps, key=lambda step: step.score)
    return Picture(figure, f"{run.method}：{len(steps)} 个提示词，最好 {best.score:.2f}：{best.prompt}", steps)


def grow(run: Evolution) -> None:
    """Let a slider grow the tree, call by call."""
    import ipywidgets as widgets

    slider = widgets.IntSlider(value=run.calls, min=1, max=run.calls, description="调用", continuous_update=False)
    follow([slider], lambda: tree(run, slider.value))


def shown(prompts: Sequence[str]) -> list[str]:
    """Write prompts on one line each, {text} as a mark."""
    return [prompt.replace("\n", " ").replace("{text}", "〈题目〉") for prompt in prompts]
