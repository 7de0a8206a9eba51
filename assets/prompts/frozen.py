"""What the makers of frozen prompts share: balanced attributes, prompts of specs, and one row a line in the file."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aigc_kit.worlds.tinyworld.motion import ClipSpec
from aigc_kit.worlds.tinyworld.spec import Spec

Row = dict[str, str]


def balanced(
    attributes: Mapping[str, Sequence[str]], count: int, rng: random.Random, misfit: Callable[[Row], str | None]
) -> list[Row]:
    """Rows in which each value of each attribute comes up equally often, give or take one.

    Args:
        attributes: name -> its values.
        count: how many rows.
        rng: the source of chance.
        misfit: the attribute of a row that must be exchanged with another row's, or None where the row may stand.
    """
    columns = {}
    for name, values in attributes.items():
        column = [values[k % len(values)] for k in range(count)]
        rng.shuffle(column)
        columns[name] = column
    rows = [{name: column[k] for name, column in columns.items()} for k in range(count)]
    for k in range(count):
        while name := misfit(rows[k]):
            other = rng.randrange(count)
            new = rows[k] | {name: rows[other][name]}
            given = rows[other] | {name: rows[k][name]}
            if misfit(new) is None and misfit(given) is None:
                rows[k], rows[other] = new, given
    return rows


def prompts(
    specs: Sequence[Spec | ClipSpec], caption: Callable[[Spec | ClipSpec, random.Random, str], str], rng: random.Random
) -> list[dict]:
    """One row for each full spec, no prompt twice. Every fourth leaves some attributes out; languages alternate.

    A pair that training never saw stays in the prompt.
    """
    out: dict[str, dict] = {}
    for number, full in enumerate(specs):
        held = [f"{pair[1]}+{pair[3]}" for pair in full.held_out()]
        told = full.told(rng, keep=0.6) if number % 4 == 3 else full
        spec = full if len(told.held_out()) < len(held) else told
        language = ("zh", "en")[number % 2]
        prompt = caption(spec, rng, language)
        while prompt in out:
            prompt = caption(spec, rng, language)
        out[prompt] = {"prompt": prompt, "language": language, "expected": spec.known(), "held_out": held}
    return list(out.values())


def write(file: Path, generated: list[dict], handwritten: Sequence[tuple[str, Row]]) -> None:
    """Writes JSON with one row a line: generated prompts, then those that a person wrote, with their language."""
    written = [
        {"prompt": prompt, "language": "en" if prompt.isascii() else "zh", "expected": expected}
        for prompt, expected in handwritten
    ]
    parts = {"generated": generated, "handwritten": written}
    text = "{\n" + ",\n".join(
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in part) + "\n ]"
        for name, part in parts.items()
    )
    file.write_text(text + "\n}\n", encoding="utf-8")
