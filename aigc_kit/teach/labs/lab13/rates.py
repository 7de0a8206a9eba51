"""Measure attributions, the guard and a model's answers."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.statistics import Share
from aigc_kit.promptlab import guard, inspect
from aigc_kit.promptlab.feedback import crowd
from aigc_kit.promptlab.inspect import deletion
from aigc_kit.teach.labs.lab13.figures import falls
from aigc_kit.teach.show.plots import Picture
from aigc_kit.worlds.prompt_task import Item
from aigc_kit.worlds.shop.prompt_tasks import all_tasks
from aigc_kit.worlds.verse_task import TITLES

Judge = Callable[[Callable[[list[str]], list[str]]], dict[str, list[bool]]]


def beyond(
    inspector: inspect.AlignInspector, cases: Sequence[tuple[str, str]], methods: Sequence[str] = tuple(inspect.METHODS)
) -> dict[str, np.ndarray]:
    """Delete words as each method says, and compare with chance.

    Args:
        inspector: of the model. cases: (prompt, answer). methods: of `inspect.METHODS`.

    Returns:
        method -> float64 (cases,), how much further the answer falls than in random order, in nats.
    """
    values: dict[str, list[float]] = {method: [] for method in methods}
    for prompt, answer in cases:
        question = inspector.question(prompt, answer)
        chance = deletion.fall(deletion.random_curves(question)).mean()
        for method in methods:
            scores = inspect.METHODS[method].scores(question, 0)
            values[method].append(float(deletion.fall(deletion.curve(question, scores)) - chance))
    return {method: np.array(some) for method, some in values.items()}


def hits(
    inspector: inspect.AlignInspector, items: Sequence[Item], methods: Sequence[str], scale: str = "odds"
) -> list[Share]:
    """Count how often the highest word carries the intent.

    Returns:
        a share for each method, and last the one of a word that is chosen blindly, expected, rounded to whole items.
    """
    task = all_tasks()["intent"]
    trials: dict[str, list[bool]] = {method: [] for method in methods}
    blind = []
    for item in items:
        prompt = task.prompt(task.instruction, item)
        start = prompt.rindex(item.text)
        truth = [(low + start, high + start) for low, high in item.carriers]
        for method in methods:
            reason = inspector.explain(prompt, item.answer, method, part=(start, len(prompt)), scale=scale)
            trials[method].append(deletion.hit(reason.spans, reason.scores, truth))
        blind.append(np.mean([deletion.hit([span], np.ones(1), truth) for span in reason.spans]))
    shares = [Share.of(method, some) for method, some in trials.items()]
    right = round(float(np.sum(blind)))
    return [*shares, Share.of("blind", [True] * right + [False] * (len(blind) - right))]


def guard_eval() -> dict[str, list[dict[str, str]]]:
    """Read the 300 harmless and 100 hostile texts: {"kind", "text"}."""
    data = json.loads((paths.assets() / "data" / "guard_eval.json").read_text(encoding="utf-8"))
    return {name: data[name] for name in ("harmless", "hostile")}


def scored(rows: Sequence[dict[str, str]]) -> list[Share]:
    """Count for each kind of text how many are stopped."""
    kinds: dict[str, list[bool]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(not guard.screen(row["text"]).passes)
    return [Share.of(kind, stopped) for kind, stopped in kinds.items()]


def exam(count: int = 40, seed: int = 9) -> tuple[dict[str, list[Item]], Judge]:
    """Draw the held-out exam of both rules, and its judge."""
    items = {
        "新规定": crowd.NEW_RULE.items(count, split="held", seed=seed),
        "老规矩": crowd.OLD_RULE.items(count, split="held", seed=seed),
    }

    def judge(ask: Callable[[list[str]], list[str]]) -> dict[str, list[bool]]:
        marks: dict[str, Any] = {}
        for name, some in items.items():
            answers = ask(crowd.prompts(some))
            marks[name] = [crowd.judged(item, answer).right for item, answer in zip(some, answers, strict=True)]
        return marks

    return items, judge


def poem_cases(engine: Any, count: int) -> list[tuple[str, str]]:
    """Let the poem model write prompts and answers.

    Two lines are the prompt, the third is the answer. Forms and titles come in a fixed order, greedily, at most 100.
    """
    import torch

    titles = [*TITLES["train"], *TITLES["held"], "边城"]
    cases: list[tuple[str, str]] = []
    for form in ("五绝", "七绝", "五律", "七律"):
        for title in titles:
            if len(cases) == count:
                return cases
            prompt = f"<{form}>{title}<诗>"
            ids = torch.tensor([engine.encode(prompt)])
            with torch.inference_mode():
                row = engine.model.generate(
                    input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=28
                )
            text = engine.tokenizer.decode(row[0, ids.shape[1] :]).replace(" ", "")
            lines = re.findall(r"[^，。]+[，。]", text)
            if len(lines) > 2:
                cases.append((prompt + "".join(lines[:2]), lines[2][:-1]))
    return cases


def promise() -> Picture:
    """Draw the picture that opens the lab."""
    from aigc_kit.make import text

    poet = text.engine(text.plan_for("春", card="poem", engine="transformers"))
    return falls(beyond(inspect.AlignInspector(poet), poem_cases(poet, 12)))
