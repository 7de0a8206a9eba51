"""Search, tune, rehearse and forget on five seeds: the table of docs/PROMPTLAB.md.

python -m assets.train.poem.tuning_table              # everything, some ten minutes of one core
python -m assets.train.poem.tuning_table ways bits    # some parts by name: search, ways, bits, lessons, speed
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch

from aigc_kit import text
from aigc_kit.core.statistics import mean_interval
from aigc_kit.make.train.answering import encode, surprises
from aigc_kit.promptlab.optimise import Likelihood, against, characters, evolutions
from aigc_kit.promptlab.tune import WAYS, Tuning, TuningSandbox, continual, soft
from aigc_kit.worlds import verse
from aigc_kit.worlds.old_verse import OldVerse, kept
from aigc_kit.worlds.verse_task import TITLES

SEEDS = range(5)
METHODS = ("random", "climb", "evolution", "hotflip")
TASK = OldVerse()
POET = text.engine(text.plan_for("春", card="poem", engine="transformers"))


def rows(task, items, head="<五绝>"):
    return encode(POET.tokenizer, [(f"{head}{item.text}<诗>", item.answer) for item in items])


def told(name, values, digits=2):
    mean, half = mean_interval(np.array(values, dtype=float))
    print(
        f"| {name} | {mean:.{digits}f} ± {half:.{digits}f} | {', '.join(f'{v:.{digits}f}' for v in values)} |",
        flush=True,
    )


def search(folder: Path = Path("out/tuning")) -> None:
    runs = evolutions(METHODS, SEEDS, calls=60, length=5, dev=12, test=40, lines=8, folder=folder)
    told("no characters", [-np.mean(runs["random"][0].start_scores)] * 2)
    for method, some in runs.items():
        told(f"{method}, 60 calls", [-np.mean(run.best_scores) for run in some])
        if method != "random":
            print(f"|   | {against(some, runs['random']).words} | |")
    losses, words = [], []
    for seed in SEEDS:
        draw = torch.Generator().manual_seed(seed)
        table = POET.model.get_input_embeddings().weight
        start = table[torch.randint(20, len(table), (5,), generator=draw)].detach().clone()
        tuning = Tuning(POET, "soft", rows(TASK, TASK.items(12)), size=12, seed=seed, start=start)
        list(tuning.run(60 // 3))  # forwards and backwards cost three forwards
        held = rows(TASK, TASK.items(40, split="held"))
        losses.append(tuning.surprises(held).mean())
        near, _ = soft.nearest_tokens(POET, tuning.soft)
        words.append(-Likelihood(TASK, POET).scores([f"{near}<五绝>{{text}}<诗>"], TASK.items(40, split="held")).mean())
    told("soft prompt, the same compute", losses)
    told("its nearest tokens as text", words)


def ways() -> None:
    train, held = rows(TASK, TASK.items(116)), TASK.items(40, split="held")
    prompts = [f"<五绝>{item.text}<诗>" for item in held[:12]]
    for way, rate in [*((way, None) for way in WAYS), ("soft", 1e-3)]:
        losses, forms, seconds = [], [], []
        for seed in SEEDS:
            start = time.process_time()
            tuning = Tuning(POET, way, train, seed=seed, rate=rate)
            list(tuning.run(60))
            seconds.append(time.process_time() - start)
            losses.append(tuning.surprises(rows(TASK, held)).mean())
            forms.append(np.mean([kept(poem, "诗经") for poem in tuning.write(prompts, seed=seed)]))
        name = f"{way}{f' at {rate:g}' if rate else ''}, {tuning.count:,} numbers"
        told(name, losses)
        told(f"{name}: lines of four", forms)
        told(f"{name}: processor seconds", seconds, 1)


def bits() -> None:
    kinds = {
        "B at 0": {},
        "B drawn, .02": {"scatter": 0.02},
        "after 5 steps": {"steps": 5},
        "after 20 steps": {"steps": 20},
    }
    for name, options in kinds.items():
        shows = [
            TuningSandbox(POET, rows(TASK, TASK.items(16, seed=seed)), seed=seed).rehearse(**options) for seed in SEEDS
        ]
        told(f"{name}: relative distance, median", [show.median("distance") for show in shows])
        told(f"{name}: cosine, median", [show.median("cosine") for show in shows], 3)
        told(f"{name}: matrices that pass both limits", [sum(m.passes for m in show.matrices) for show in shows], 0)
    told("weight error", [show.weight_error for show in shows], 3)


def lessons() -> None:
    tasks = {form: OldVerse(form) for form in ("诗经", "楚辞")}
    train = {form: rows(task, task.items(110), form) for form, task in tasks.items()}
    held = {form: rows(task, task.items(30, split="held"), form) for form, task in tasks.items()}
    for name in ("no replay", "replay"):
        outcomes = []
        for seed in SEEDS:
            own = continual.own_samples(POET, [f"<五绝>{title}<诗>" for title in TITLES["train"] * 4], seed)

            def judge(tuning, seed=seed):
                poems = tuning.write([f"<五绝>{t}<诗>" for t in TITLES["held"]], seed=seed, max_new_tokens=26)
                right = np.mean([verse.check(verse.body_of(poem), "五绝").form_ok for poem in poems])
                return {**{form: tuning.surprises(held[form]).mean() for form in held}, "五绝": right}

            outcomes.append(continual.in_turn(POET, train, judge, replay=own if name == "replay" else None, seed=seed))
        for place, after in enumerate(("before", "after 诗经", "after 楚辞")):
            for measure in ("诗经", "楚辞", "五绝"):
                told(f"{name}, {after}: {measure}", [outcome[place][measure] for outcome in outcomes])


def speed() -> None:
    task = OldVerse(lines=2)
    objective, items, alphabet = Likelihood(task, POET), task.items(32), characters(POET)
    prompts = [f"{alphabet[5 * k : 5 * k + 5]}<五绝>{{text}}<诗>" for k in range(60)]
    start, clock = time.process_time(), time.perf_counter()
    objective.scores(prompts, items)
    clock, start = time.perf_counter() - clock, time.process_time() - start
    print(f"| prompts a minute, 32 items of two lines | {3600 / clock:.0f} by the clock, {3600 / start:.0f} a core | |")


def main() -> None:
    parts = {each.__name__: each for each in (search, ways, bits, lessons, speed)}
    with torch.random.fork_rng():
        print(
            "none:", float(surprises(POET.model.requires_grad_(False), rows(TASK, TASK.items(40, split="held"))).mean())
        )
        for name in sys.argv[1:] or parts:
            print(f"\n{name}")
            parts[name]()


if __name__ == "__main__":
    main()
