"""Teach one lesson after another, and see what is forgotten."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aigc_kit.make.train.answering import Rows, encode
from aigc_kit.promptlab.tune.soft import continued
from aigc_kit.promptlab.tune.tuning import Tuning

TARGETS = ("q_proj", "v_proj", "up_proj", "down_proj")
Measures = Mapping[str, float]


def own_samples(engine: Any, prompts: Sequence[str], seed: int = 0) -> Rows:
    """Let a model write what it shall not forget.

    No old data are needed: what it wrote before stands for them.

    Args:
        engine: of transformers, not tuned.
        prompts: of the old task; those that it ends at once are left out.
        seed: of the sampling.
    """
    texts = continued(engine, engine.model, prompts, None, seed=seed)
    return encode(engine.tokenizer, [(prompt, text) for prompt, text in zip(prompts, texts, strict=True) if text])


def in_turn(
    engine: Any,
    lessons: Mapping[str, Rows],
    judge: Callable[[Tuning], Measures],
    *,
    steps: int = 40,
    size: int = 8,
    replay: Rows | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Teach lessons one after another to the same LoRA.

    Args:
        engine: of transformers; its model is copied.
        lessons: name -> rows, in the order of teaching.
        judge: tuning -> measures, called before the first lesson and after each.
        steps, size: of each lesson.
        replay: rows of the old task, half of every batch; None replays nothing.
        seed: of the batches and of LoRA.

    Returns:
        {"after": name of the lesson, or "" before, and the measures}.
    """
    first = next(iter(lessons.values()))
    tuning = Tuning(engine, "lora", first, size=size, seed=seed, replay=replay, targets=TARGETS)
    rows: list[dict[str, Any]] = [{"after": "", **judge(tuning)}]
    for name, lesson in lessons.items():
        tuning.rows = lesson
        for _ in tuning.run(steps):
            pass
        rows.append({"after": name, **judge(tuning)})
    return rows
