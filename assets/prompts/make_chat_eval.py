"""Writes chat_eval.json: the frozen prompts by which tinychat is measured. ``python -m assets.prompts.make_chat_eval``

Three sets by what training has seen: ``seen`` (messages and wordings of the training's kinds), ``messages`` (held-out
messages, seen wordings), ``wordings`` (both held out). Half of all prompts are in held-out wordings. Beside them
36 instructions for one task, and 30 prompts that a person wrote outside the templates.

The file is frozen. It was written before the learning rate of the shipped training began to fall; rules that name the
label first have become more frequent in training since, so another run writes other prompts, and asks for another file.
"""

import json
import random
from pathlib import Path
from typing import Any

from aigc_kit.worlds.shop import instructions, tasks
from aigc_kit.worlds.shop.samples import Sample, to_row

from .chat_handwritten import HANDWRITTEN, INSTRUCTIONS

FILE = Path(__file__).with_name("chat_eval.json")
SETS = {"seen": ("train", "train", 20), "messages": ("held", "train", 20), "wordings": ("held", "held", 40)}
HELD, NEW = instructions.HELD_SYMBOLS, instructions.NEW_SYMBOLS
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "intent": ("intent", {"clear": True, "shots": 0}),
    "intent with shots": ("intent", {"clear": True, "shots": 3}),
    "sentiment": ("sentiment", {"clear": True, "shots": 0}),
    "tone": ("tone", {"clear": True, "shots": 0}),
    "json": ("fields", {"form": "json"}),
    "summary": ("summary", {}),
    "reply": ("reply", {"terms": True}),
    "rule": ("rule", {"worked": False, "shots": 0}),
    "rule, held symbols": ("rule", {"worked": False, "shots": 0, "symbols": HELD}),
    "rule worked": ("rule", {"worked": True, "shots": 0}),
    "rule worked, held symbols": ("rule", {"worked": True, "shots": 0, "symbols": HELD}),
    "pairs": ("pairs", {"worked": False}),
    "pairs worked": ("pairs", {"worked": True}),
    "total direct": ("total", {"mode": "direct"}),
    "total steps": ("total", {"mode": "steps"}),
    "examples, 0 shots": ("examples", {"classes": 3, "shots": 0, "symbols": HELD}),
    "examples, 1 shot": ("examples", {"classes": 3, "shots": 1, "symbols": HELD}),
    "examples, 2 shots": ("examples", {"classes": 3, "shots": 2, "symbols": HELD}),
    "examples, 4 shots": ("examples", {"classes": 3, "shots": 4, "symbols": HELD}),
    "examples, 4 shots, new symbols": ("examples", {"classes": 3, "shots": 4, "symbols": NEW}),
    "outside": ("outside", {}),
}


def prompts(split: str, words: str, count: int, taken: set[str]) -> dict[str, list[Sample]]:
    """Samples of each variant, no prompt twice."""
    drawn: dict[str, list[Sample]] = {}
    for name, (task, how) in VARIANTS.items():
        rng = random.Random(f"frozen {name} {split} {words}")
        drawn[name] = []
        while len(drawn[name]) < count:
            sample = tasks.draw(task, rng, split, words, **how)
            if sample.prompt not in taken:
                taken.add(sample.prompt)
                drawn[name].append(sample)
    return drawn


def section(name: str, rows: list[dict]) -> str:
    """A set as JSON, one row a line."""
    return f' "{name}": [\n' + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n ]"


def main() -> None:
    """Write the file. Raises FileExistsError where there is one: frozen prompts stay."""
    if FILE.exists():
        raise FileExistsError(f"{FILE} is frozen; move it away to draw other prompts")
    taken: set[str] = set()
    lines = []
    for name, (split, words, count) in SETS.items():
        drawn = prompts(split, words, count, taken)
        lines.append(section(name, [{"variant": v} | to_row(s) for v, each in drawn.items() for s in each]))
    lines += [section("instructions", INSTRUCTIONS), section("handwritten", HANDWRITTEN)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
