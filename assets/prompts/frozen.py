"""What the makers of frozen prompts share: balanced attributes, and one row a line in the file."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

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


def write(file: Path, parts: Mapping[str, list[dict]]) -> None:
    """Writes JSON: each part a list with one row a line."""
    text = "{\n" + ",\n".join(
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in part) + "\n ]"
        for name, part in parts.items()
    )
    file.write_text(text + "\n}\n", encoding="utf-8")
