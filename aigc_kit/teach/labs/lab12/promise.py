"""Make the lab's first picture: three ways, measured now."""

import time

import numpy as np

from aigc_kit.promptlab import optimise
from aigc_kit.promptlab.tune import Tuning
from aigc_kit.teach.labs.lab12.figures import WAYS, ways
from aigc_kit.teach.show.plots import Picture

STEPS, SEEDS = 40, range(3)


def promise() -> Picture:
    """Draw search, vectors and weights, as measured now."""
    from aigc_kit.make import text
    from aigc_kit.make.train.answering import encode, surprises
    from aigc_kit.worlds.old_verse import OldVerse

    poet, task = text.engine(text.plan_for("春", card="poem", engine="transformers")), OldVerse(lines=2)
    poet.use_threads()
    train, held = task.items(110), task.items(40, split="held")
    lessons, exam = (
        encode(poet.tokenizer, [(task.prompt(task.instruction, item), item.answer) for item in some], end=learned)
        for some, learned in ((train, True), (held, False))
    )
    poet.model.requires_grad_(False)
    rows = [{"name": "什么也不做", "nats": surprises(poet.model, exam).mean().item(), "seconds": 0.0, "numbers": 0}]
    space, begun = optimise.Prefixes(task.instruction, 5, optimise.characters(poet)), time.process_time()
    runs = [
        optimise.PromptOptimizer(task, poet, space, method="hotflip", seed=seed).evolve(
            task.instruction, task.items(12), "likelihood", test=held, calls=40
        )
        for seed in SEEDS
    ]
    seconds = (time.process_time() - begun) / len(runs)
    nats = -float(np.mean([run.best_scores for run in runs]))
    rows.append({"name": "搜五个字（HotFlip，40 次）", "nats": nats, "seconds": seconds, "numbers": 5})
    for way, (name, _, _) in WAYS.items():
        tuning, begun = Tuning(poet, way, lessons), time.process_time()
        for _ in tuning.run(STEPS):
            pass
        seconds, nats = time.process_time() - begun, float(tuning.surprises(exam).mean())
        rows.append({"name": name, "nats": nats, "seconds": seconds, "numbers": tuning.count})
    return ways(rows)
