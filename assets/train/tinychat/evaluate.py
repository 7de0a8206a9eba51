"""Measures the exported model on the frozen prompts; writes ``eval.json`` beside it."""

import json
import random
import time
from collections import defaultdict
from statistics import mean
from typing import Any

import torch
import transformers

from aigc_kit.worlds.prompt_task import measure
from aigc_kit.worlds.shop import checkers, clauses, outside, prompt_tasks, tasks
from aigc_kit.worlds.shop.instructions import HELD_SYMBOLS
from aigc_kit.worlds.shop.samples import from_row
from assets.prompts.make_chat_eval import VARIANTS
from assets.train.measures import wilson

from . import paths
from .chat import Chat

SETS = ("seen", "messages", "wordings")


def load() -> dict[str, list[dict[str, Any]]]:
    """The frozen prompts by set."""
    return json.loads(paths.PROMPTS.read_text("utf-8"))


def by_variant(chat: Chat, rows: list[dict[str, Any]]) -> tuple[dict[str, dict], list[dict]]:
    """(variant -> share of right answers, the wrong ones in full)."""
    samples = [from_row(row) for row in rows]
    marks: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for row, sample, answer in zip(rows, samples, chat.ask([row["prompt"] for row in rows]), strict=True):
        mark = checkers.check(sample, answer)
        marks[row["variant"]].append(mark.right)
        if not mark:
            wrong.append({"variant": row["variant"], "prompt": row["prompt"], "answer": row["answer"], "said": answer})
    return {variant: wilson(sum(found), len(found)) for variant, found in marks.items()}, wrong


def best_reader() -> dict[str, float]:
    """What a perfect reader scores on the few-shot prompts, in percent: some of them leave the label open."""
    best: dict[str, list[float]] = defaultdict(list)
    rows = load()
    for name in SETS:
        for row in rows[name]:
            if "best" in row["facts"]:
                best[row["variant"]].append(row["facts"]["best"])
    return {variant: 100 * mean(found) for variant, found in best.items()}


DRAWN = ("intent", "sentiment", "summary", "json", "reply", "rule", "rule worked", "rule, held symbols")
DRAWN += ("rule worked, held symbols", "pairs", "pairs worked", "total direct", "total steps")


def drawn(chat: Chat, count: int = 200) -> dict[str, dict]:
    """Right answers to more prompts than are frozen: held-out messages, wordings half seen and half held out."""
    found = {}
    for name in DRAWN:
        task, how = VARIANTS[name]
        rng = random.Random(f"drawn {name}")
        samples = [tasks.draw(task, rng, "held", ("train", "held")[k % 2], **how) for k in range(count)]
        said = chat.ask([sample.prompt for sample in samples])
        marks = [checkers.check(sample, answer).right for sample, answer in zip(samples, said, strict=True)]
        found[name] = wilson(sum(marks), count)
    return found


def few_shot(chat: Chat, count: int = 200) -> dict[str, dict]:
    """Right answers with 0, 1, 2 and 4 examples of three new labels; more prompts than are frozen, newly drawn."""
    found = {}
    for shots in (0, 1, 2, 4):
        rng = random.Random(f"few-shot {shots}")
        how = {"classes": 3, "shots": shots, "symbols": HELD_SYMBOLS}
        drawn = [tasks.draw("examples", rng, "held", "held", **how) for _ in range(count)]
        said = chat.ask([sample.prompt for sample in drawn], 8)
        marks = [checkers.check(sample, answer).right for sample, answer in zip(drawn, said, strict=True)]
        best = 100 * mean(sample.facts["best"] for sample in drawn)
        found[str(shots)] = wilson(sum(marks), count) | {"perfect_reader": best}
    return found


def instructions(chat: Chat, rows: list[dict[str, Any]], count: int = 50) -> dict[str, Any]:
    """Accuracy of the intent under each instruction, on a development and a test half of held-out messages."""
    task = prompt_tasks.all_tasks()["intent"]
    items = task.items(2 * count, split="held", seed=7)
    shown = shots(6)
    scores = []
    for row in rows:
        examples = shown[: row["shots"]]
        found = measure(task, row["instruction"], items, lambda prompts: chat.ask(prompts, 12), examples)
        right = [mark.right for mark in found.marks]
        scores.append({**row, "dev": wilson(sum(right[:count]), count), "test": wilson(sum(right[count:]), count)})
    test = [score["test"]["percent"] for score in scores]
    rng = random.Random(0)
    gains = []
    for _ in range(1000):  # the best of ten drawn instructions by the development half, against the ten's mean
        ten = rng.sample(scores, 10)
        best = max(ten, key=lambda score: score["dev"]["percent"])
        gains.append(best["test"]["percent"] - min(score["test"]["percent"] for score in ten))
    return {"each": scores, "best_minus_worst": max(test) - min(test), "best_of_ten_minus_worst_of_ten": mean(gains)}


def shots(count: int) -> list:
    """Solved items with different intents, from messages of the training's kind."""
    task = prompt_tasks.all_tasks()["intent"]
    first: dict[str, Any] = {}
    for item in task.items(200, seed=3):
        if len(item.text) < 40:
            first.setdefault(item.answer, item)
    return [first[name] for name in clauses.INTENTS if name in first][:count]


def handwritten(chat: Chat, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The prompts that a person wrote: share, and each with what the model said."""
    each = []
    for row, answer in zip(rows, chat.ask([row["prompt"] for row in rows]), strict=True):
        mark = checkers.check(from_row(row), answer)
        unknown = "".join(outside.look(row["prompt"]).unknown)
        each.append(
            {"task": row["task"], "prompt": row["prompt"], "said": answer, "right": mark.right, "unknown": unknown}
        )
    return {"share": wilson(sum(row["right"] for row in each), len(each)), "each": each}


def grams(text: str) -> set[str]:
    """Three characters in a row."""
    return {text[k : k + 3] for k in range(len(text) - 2)}


def nearest(chat: Chat, rows: list[dict[str, Any]], pool: int = 6000) -> list[dict[str, str]]:
    """Twelve held-out prompts with the most similar of many training prompts, by shared triples of characters."""
    rng = random.Random(5)
    variants = sorted({row["variant"] for row in rows})
    chosen = [rng.choice([row for row in rows if row["variant"] == v]) for v in rng.sample(variants, 12)]
    found = []
    for row, said in zip(chosen, chat.ask([row["prompt"] for row in chosen]), strict=True):
        own = grams(row["prompt"])
        drawn = [tasks.draw(row["task"], rng) for _ in range(pool // 12)]
        near = max(drawn, key=lambda s: len(own & grams(s.prompt)) / len(own | grams(s.prompt)))
        share = len(own & grams(near.prompt)) / len(own | grams(near.prompt))
        found.append({"prompt": row["prompt"], "said": said, "nearest": near.prompt, "shared": round(share, 2)})
    return found


def speed(chat: Chat, repeats: int = 12) -> dict[str, float]:
    """Classifications a second in batches of 32 and tokens a second singly, by clock and by the processor's time.

    The best of some repeats: other work on the machine only ever makes them slower. In bfloat16 where it says so.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    rng = random.Random(1)
    names = list(clauses.INTENTS)
    prompts = [tasks.draw("intent", rng, clear=True, shots=0).prompt for _ in range(32)]
    found: dict[str, float] = {"threads": torch.get_num_threads()}
    for dtype in (torch.float32, torch.bfloat16):
        chat.model.to(dtype)
        calls = {
            "classifications_per_second": (32, lambda: chat.label_logits(prompts, names)),
            "tokens_per_second": (40, lambda: chat.ask(prompts[:1], 40, min_new_tokens=40)),
        }
        for name, (count, call) in calls.items():
            times = []
            for _ in range(repeats):
                began, cpu = time.perf_counter(), time.process_time()
                call()
                times.append((time.perf_counter() - began, time.process_time() - cpu))
            suffix = "" if dtype is torch.float32 else "_bfloat16"
            found[name + suffix] = round(count / min(wall for wall, _ in times))
            found[f"{name}_of_cpu{suffix}"] = round(count / min(spent for _, spent in times))
    chat.model.to(torch.float32)
    torch.set_num_threads(before)
    return found


def evaluate() -> dict[str, Any]:
    """Measure everything, write it, and return the shares."""
    chat, rows = Chat(), load()
    result: dict[str, Any] = {"parameters": sum(p.numel() for p in chat.model.parameters()), "speed": speed(chat)}
    result["tasks"], wrong = {}, {}
    for name in SETS:
        result["tasks"][name], wrong[name] = by_variant(chat, rows[name])
    result["best_reader"] = best_reader()
    result["drawn"] = drawn(chat)
    result["few_shot"] = few_shot(chat)
    result["handwritten"] = handwritten(chat, rows["handwritten"])
    result["instructions"] = instructions(chat, rows["instructions"])
    result["nearest"] = nearest(chat, rows["wordings"])
    result["wrong"] = {name: each[:: max(1, len(each) // 20)][:20] for name, each in wrong.items()}
    result["training"] = json.loads(paths.TRAINING_LOG.read_text().splitlines()[-1])
    result["versions"] = {"torch": torch.__version__, "transformers": transformers.__version__}
    paths.EVALUATION.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return {name: {v: round(s["percent"]) for v, s in each.items()} for name, each in result["tasks"].items()}
