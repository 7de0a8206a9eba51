"""Tables of the model cards: what ``measures`` found, in Markdown."""

from collections.abc import Mapping, Sequence

SETS = {"generated": "frozen prompts", "handwritten": "as written", "handwritten, in the world's words": "rephrased"}


def rate(share: dict) -> str:
    """A share in percent with its interval."""
    return f"{share['percent']:.1f} % ({share['low']:.1f} to {share['high']:.1f})"


def table(head: Sequence, rows: Sequence[Sequence]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def missed(groups: Mapping[str, dict], gates: Mapping[str, float]) -> list[str]:
    """The attributes whose share among all prompts is below its gate."""
    return [name for name, gate in gates.items() if groups["all"][name]["percent"] < gate]


def accuracy_table(groups: Mapping[str, dict], gates: Mapping[str, float]) -> str:
    """Rows: attributes with their gates; columns: all, zh, en, held-out pairs."""
    below, rows = missed(groups, gates), []
    for name in groups["all"]:
        wanted = f"{gates[name]} %" if name in gates else ""
        cells = [rate(group[name]) if name in group else "" for group in groups.values()]
        rows.append([name, wanted + (", **missed**" if name in below else ""), *cells])
    return table(["", "wanted", *(f"{name} ({group['all said']['of']})" for name, group in groups.items())], rows)


def side_by_side(shown: Mapping[str, dict]) -> str:
    """Rows: attributes; columns: sets."""
    names = list(next(iter(shown.values())))
    return table(["", *shown], [[name, *(rate(found[name]) for found in shown.values())] for name in names])


def handwritten_table(sets: Mapping[str, dict]) -> str:
    """The hand-written prompts as they are and rephrased."""
    return side_by_side({SETS[name]: groups["all"] for name, groups in sets.items() if name != "generated"})
