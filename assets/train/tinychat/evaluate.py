"""Measures the exported model on the frozen prompts; writes ``eval.json`` beside it."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

import psutil
import torch
import transformers

from aigc_kit import text
from aigc_kit.core.statistics import paired
from aigc_kit.memory import device
from aigc_kit.worlds.prompt_task import measure
from aigc_kit.worlds.shop import checkers, clauses, messages, outside, prompt_tasks, tasks
from aigc_kit.worlds.shop.instructions import HELD_SYMBOLS
from aigc_kit.worlds.shop.samples import from_row
from assets.prompts.make_chat_eval import VARIANTS
from assets.train.measures import wilson

from . import paths
from .chat import Chat
from .nearest import edits

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


GATED = ("intent", "sentiment", "summary", "json", "reply", "rule worked, held symbols")
DRAWN = ("intent", "sentiment", "summary", "json", "reply", "rule", "rule worked", "rule, held symbols")
DRAWN += ("rule worked, held symbols", "pairs", "pairs worked", "total direct", "total steps")


MORE = {"sentiment": 1000}  # where 200 cannot say on which side of the gate it is
HARDER: dict[str, tuple[str, dict[str, Any]]] = {  # not among the frozen prompts
    f"pairs{' worked' if worked else ''}, {rows} rows": ("pairs", {"worked": worked, "rows": rows})
    for rows in (8, 12)
    for worked in (False, True)
}


def drawn(chat: Chat, names: Sequence[str] = DRAWN) -> dict[str, dict]:
    """Right answers to more prompts than are frozen: held-out messages, wordings half seen and half held out.

    200 each, or MORE. ``named``: where steps are written first, how many of the wrong answers name the truth rightly.
    """
    found = {}
    for name in names:
        (task, how), count = (VARIANTS | HARDER)[name], MORE.get(name, 200)
        rng = random.Random(f"drawn {name}")
        samples = [tasks.draw(task, rng, "held", ("train", "held")[k % 2], **how) for k in range(count)]
        said = chat.ask([sample.prompt for sample in samples])
        marks = [checkers.check(sample, answer) for sample, answer in zip(samples, said, strict=True)]
        named = sum(dict(mark.parts).get("intent", False) for mark in marks if not mark.right)
        found[name] = wilson(sum(mark.right for mark in marks), count) | ({"named": named} if how.get("worked") else {})
    return found


def messages_alone(chat: Chat, names: Sequence[str], count: int = 200) -> dict[str, dict[str, float]]:
    """What held-out messages lose under the same instruction: points of percent, with the 95 % interval.

    Each instruction, drawn in the wordings of the training's kinds, is asked twice: with a message of the training's
    kinds, and with a held-out one of the same intent and sentiment.
    """
    found = {}
    for name in names:
        (task, how), marks = VARIANTS[name], {}
        for split in ("train", "held"):
            samples = []
            for number in range(count):
                rng = random.Random(f"alone {name} {number}")
                intent, sentiment = rng.choice(clauses.INTENTS), rng.choice(clauses.SENTIMENTS)
                message = messages.draw(rng, split, intent, sentiment)
                samples.append(tasks.draw(task, random.Random(f"asked {name} {number}"), message=message, **how))
            said = chat.ask([sample.prompt for sample in samples])
            marks[split] = [checkers.check(s, answer).right for s, answer in zip(samples, said, strict=True)]
        change = paired(marks["train"], marks["held"])
        found[name] = {
            "points": 0 - 100 * change.gain, "low": 0 - 100 * change.high, "high": 0 - 100 * change.low, "of": count,
            "seen": sum(marks["train"]), "held": sum(marks["held"]),
        }  # fmt: skip
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
    for _ in range(1000):  # the best of ten drawn instructions by the development half, against the worst of the ten
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


def nearest(chat: Chat, rows: list[dict[str, Any]], pool: int = 2000) -> list[dict[str, Any]]:
    """Twelve held-out prompts, each with the most similar of many training prompts of its task, by edits of tokens."""
    rng = random.Random(5)
    variants = sorted({row["variant"] for row in rows})
    chosen = [rng.choice([row for row in rows if row["variant"] == v]) for v in rng.sample(variants, 12)]
    found = []
    for row, said in zip(chosen, chat.ask([row["prompt"] for row in chosen]), strict=True):
        texts = [tasks.draw(row["task"], rng).prompt for _ in range(pool)]
        own, others = (chat.tokenizer(t, add_special_tokens=False).input_ids for t in (row["prompt"], texts))
        distances = edits(own, others)
        best = int(distances.argmin())
        found.append(
            {
                "prompt": row["prompt"],
                "said": said,
                "nearest": texts[best],
                "edits": int(distances[best]),
                "tokens": len(own),
            }
        )
    return found


def speed(chat: Chat, repeats: int = 30) -> dict[str, float | str]:
    """Classifications a second by ``text.classify`` on two threads, and tokens a second singly.

    By clock the best of some repeats, since other work on the machine only ever makes them slower; by processor the
    best on one thread, which the clock's may approach twice on two idle cores. ``others``: percent of the machine's
    processor time that other processes took meanwhile.
    """
    task = prompt_tasks.all_tasks()["intent"]
    items = task.items(128, split="held", seed=1)
    prompts = [task.prompt(task.instruction, item) for item in items]
    engine = text.engine(text.plan_for(prompts[0], card="tinychat"))
    calls = {
        "classifications": (len(prompts), lambda: text.classify(engine, prompts, task.labels)),
        "answers": (len(prompts), lambda: text.answers(engine, prompts)),
        "tokens": (40, lambda: chat.ask(prompts[:1], 40, min_new_tokens=40)),
    }
    found: dict[str, float | str] = {"machine": device.cpu_name(), "threads": device.threads()}
    clock, busy, own = time.perf_counter(), busy_seconds(), time.process_time()
    for name, (count, call) in calls.items():
        times = []
        for _ in range(repeats):
            began, cpu = time.perf_counter(), time.process_time()
            call()
            times.append((time.perf_counter() - began, time.process_time() - cpu))
        found[f"{name}_per_second"] = round(count / min(wall for wall, _ in times))
        found[f"{name}_per_processor_second"] = round(count / min(spent for _, spent in times))
    others = busy_seconds() - busy - (time.process_time() - own)
    found["others"] = round(100 * max(0.0, others) / ((time.perf_counter() - clock) * psutil.cpu_count()))
    return found


def busy_seconds() -> float:
    """Seconds that all processors of this machine have worked since it started."""
    times = psutil.cpu_times()
    return (
        sum(times)
        - times.idle
        - getattr(times, "iowait", 0.0)
        - getattr(times, "guest", 0.0)
        - getattr(times, "guest_nice", 0.0)
    )


def by_set(chat: Chat, rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Shares of the frozen prompts by set and variant, and a sample of the wrong answers."""
    found: dict[str, Any] = {"tasks": {}, "wrong": {}}
    for name in SETS:
        found["tasks"][name], wrong = by_variant(chat, rows[name])
        found["wrong"][name] = wrong[:: max(1, len(wrong) // 20)][:20]
    return found


Rows = dict[str, list[dict[str, Any]]]
PARTS: dict[str, Callable[[Chat, Rows], dict[str, Any]]] = {
    "speed": lambda chat, rows: {"speed": speed(chat)},
    "tasks": by_set,
    "best_reader": lambda chat, rows: {"best_reader": best_reader()},
    "drawn": lambda chat, rows: {"drawn": drawn(chat)},
    "harder": lambda chat, rows: {"harder": drawn(chat, tuple(HARDER))},
    "messages_alone": lambda chat, rows: {"messages_alone": messages_alone(chat, GATED)},
    "few_shot": lambda chat, rows: {"few_shot": few_shot(chat)},
    "handwritten": lambda chat, rows: {"handwritten": handwritten(chat, rows["handwritten"])},
    "instructions": lambda chat, rows: {"instructions": instructions(chat, rows["instructions"])},
    "nearest": lambda chat, rows: {"nearest": nearest(chat, rows["wordings"])},
}


def evaluate(names: Sequence[str] = ()) -> dict[str, Any]:
    """Measure all parts, or those that are named, write the report, and return the shares.

    What is not measured anew stays; a whole measurement begins with an empty report.
    """
    chat, rows = Chat(), load()
    result: dict[str, Any] = json.loads(paths.EVALUATION.read_text("utf-8")) if names else {}
    for name in names or PARTS:
        result |= PARTS[name](chat, rows)
    if not names:
        result["parameters"] = sum(p.numel() for p in chat.model.parameters())
        result["training"] = json.loads(paths.TRAINING_LOG.read_text().splitlines()[-1])
        result["versions"] = {"torch": torch.__version__, "transformers": transformers.__version__}
    paths.EVALUATION.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return {name: {v: round(s["percent"]) for v, s in each.items()} for name, each in result["tasks"].items()}
