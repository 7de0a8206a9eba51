"""Writes the model card from ``eval.json`` and ``card_template.md``."""

import itertools
import json
from typing import Any

from . import paths, seeds

SEEDS_TOLD = (
    "{count} trainings of {tokens} million tokens each from nothing, alike but for the seed, the rate fallen to zero\n"
    "at their end; percent of {samples} held-out messages answered exactly (by teacher forcing), the loss as it is:"
)
TEMPLATE = paths.HERE / "card_template.md"
GATES = {  # percent, on held-out messages in seen and held-out wordings together
    "intent": 97,
    "sentiment": 97,
    "summary": 97,
    "json": 92,
    "reply": 90,
    "rule worked, held symbols": 85,
}
ALONE = 5  # percent of a machine's processor time: what runs beside a measurement on an idle one
NEW = "examples, 4 shots, new symbols"  # labels that training never had in any place
Share = dict[str, float]


def rate(share: Share) -> str:
    """A share in percent with its interval."""
    return f"{share['percent']:.1f} % ({share['low']:.1f} to {share['high']:.1f})"


def table(head: list[str], rows: list[list]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("\n", "⏎") for cell in line) + " |\n" for line in lines)


def both(report: dict[str, Any], variant: str) -> Share:
    """The share over held-out messages in seen and in held-out wordings together."""
    from assets.train.measures import wilson

    found = [report["tasks"][name][variant] for name in ("messages", "wordings")]
    return wilson(sum(f["right"] for f in found), sum(f["of"] for f in found))


def gates(report: dict[str, Any]) -> list[list[str]]:
    """Rows: what is wanted, what was measured, met or missed."""
    rows = []

    def add(name: str, wanted: str, measured: str, met: bool) -> None:
        rows.append([name, wanted, measured, "met" if met else "**missed**"])

    for variant, wanted in GATES.items():
        share = both(report, variant)
        more = f"{rate(share)}; of {report['drawn'][variant]['of']:,} more: {rate(report['drawn'][variant])}"
        add(f"{variant}, held-out messages", f"{wanted} %", more, share["percent"] >= wanted)
        if share["percent"] < wanted <= report["drawn"][variant]["low"]:
            rows[-1][-1] = f"**missed** by the {share['of']} frozen, met by the {report['drawn'][variant]['of']:,} more"
    new = both(report, NEW)
    add(f"{NEW}, held-out messages", "85 %", rate(new), new["percent"] >= 85)
    for variant in GATES:
        lost = report["messages_alone"][variant]
        told = f"{lost['points']:.1f} points ({lost['low']:.1f} to {lost['high']:.1f}) of {lost['of']} pairs"
        add(f"{variant}: held-out messages lose", "<= 5 points", told, lost["points"] <= 5)
        if lost["points"] <= 5 < lost["high"]:
            rows[-1][-1] = "met; the interval reaches beyond"
    for name, worked, direct in (
        ("rule", "rule worked", "rule"),
        ("rule, held symbols", "rule worked, held symbols", "rule, held symbols"),
        ("pairs", "pairs worked", "pairs"),
        *((f"pairs, {count} rows", f"pairs worked, {count} rows", f"pairs, {count} rows") for count in (8, 12)),
        ("total", "total steps", "total direct"),
    ):
        more, less = ((report["drawn"] | report["harder"])[variant] for variant in (worked, direct))
        gain = more["percent"] - less["percent"]
        told = f"{gain:.0f} points: {rate(more)} against {rate(less)}"
        add(f"{name}: steps written first gain", ">= 20 points", told, gain >= 20)
    shots = list(report["few_shot"].values())
    rising = all(a["high"] < b["low"] for a, b in itertools.pairwise(shots))
    add(
        f"few-shot rises with {', '.join(report['few_shot'])} shots",
        "intervals apart",
        ", ".join(map(rate, shots)),
        rising,
    )
    spread, gain = (report["instructions"][k] for k in ("best_minus_worst", "best_of_ten_minus_worst_of_ten"))
    add("instructions, best minus worst", ">= 20 points", f"{spread:.0f} points", spread >= 20)
    add("best of ten by the development half, over the worst", ">= 15 points", f"{gain:.0f} points", gain >= 15)
    speed = report["speed"]
    for name, wanted, cores in (("classifications", 300, 2), ("tokens", 60, 1)):
        clock, one = speed[f"{name}_per_second"], speed[f"{name}_per_processor_second"]
        told = f"{clock} measured by the clock; {one} measured in a second of one core"
        told += f", from which {cores * one} are predicted of two idle ones" if cores > 1 else ""
        add(f"{name} a second, {'in batches, two cores' if cores > 1 else 'one prompt'}", f">= {wanted}", told,
            clock >= wanted)  # fmt: skip
    return rows


def other_work(speed: dict[str, Any]) -> str:
    """What else the machine did while speeds were measured."""
    if "others" not in speed:
        return "how much else ran there then was not recorded"
    if speed["others"] < ALONE:
        return f"less than {ALONE} % of its processor time went to other processes"
    return f"other processes took {speed['others']} % of its processor time, so the clock's are too low"


def lost_in_the_rule(report: dict[str, Any]) -> str:
    """Where long rules fail though the steps are written first."""
    told = []
    for rows in (8, 12):
        share = report["harder"][f"pairs worked, {rows} rows"]
        told.append(f"{share['named']} of {share['of'] - share['right']} wrong answers with {rows} rows")
    return " and ".join(told)


def task_table(report: dict[str, Any]) -> str:
    """Rows: tasks; columns: what training has seen of messages and wordings."""
    variants = list(report["tasks"]["seen"])
    head = ["task", "messages and wordings seen", "messages held out", "both held out", "perfect reader"]
    rows = []
    for variant in variants:
        best = report["best_reader"].get(variant)
        shares = [rate(report["tasks"][name][variant]) for name in ("seen", "messages", "wordings")]
        rows.append([variant, *shares, f"{best:.0f} %" if best else ""])
    return table(head, rows)


def instruction_table(report: dict[str, Any]) -> str:
    """Rows: instructions with their accuracy on the test half, best first."""
    each = sorted(report["instructions"]["each"], key=lambda row: -row["test"]["percent"])
    rows = [[row["kind"], row["instruction"] or "(none)", row["shots"], rate(row["test"])] for row in each]
    return table(["kind", "instruction", "shots", "accuracy"], rows)


def handwritten_table(report: dict[str, Any]) -> str:
    """Rows: the prompts that a person wrote, with what the model said."""
    rows = [
        [row["prompt"].split("消息：")[-1], row["task"], row["said"], "yes" if row["right"] else "no", row["unknown"]]
        for row in report["handwritten"]["each"]
    ]
    return table(["message", "task", "said", "right", "unknown characters"], rows)


def seeds_text() -> str:
    """What short trainings with several seeds came to; says so where none was run."""
    if not paths.SEEDS.exists():
        return "No training with another seed has been run to its end."
    report = json.loads(paths.SEEDS.read_text("utf-8"))
    runs, tokens = report["runs"], max(run["curve"][-1]["tokens"] for run in report["runs"].values())
    told = SEEDS_TOLD.format(count=len(runs), tokens=f"{tokens / 1e6:.1f}", samples=report["samples"])
    head = ["watched", *(name.replace("_", " ") for name in runs), "mean ± deviation"]
    return told + "\n\n" + table(head, seeds.rows(report))


def text(report: dict[str, Any], config: dict[str, Any]) -> str:
    """The whole card, from the evaluation and the model's config.json."""
    wrong = [row for name in ("messages", "wordings") for row in report["wrong"][name]][:16]
    return TEMPLATE.read_text("utf-8").format(
        millions=f"{report['parameters'] / 1e6:.1f}",
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        vocabulary=f"{config['vocab_size']:,}",
        gate_table=table(["gate", "wanted", "measured", ""], gates(report)),
        task_table=task_table(report),
        instruction_table=instruction_table(report),
        handwritten_share=rate(report["handwritten"]["share"]),
        handwritten_table=handwritten_table(report),
        wrong_table=table(["task", "prompt", "wanted", "said"], [list(row.values()) for row in wrong]),
        nearest_table=table(
            ["prompt", "said", "nearest training prompt", "edits", "tokens"],
            [list(row.values()) for row in report["nearest"]],
        ),
        machine=f"{report['speed']['machine']}, {report['speed']['threads']} threads",
        other_work=other_work(report["speed"]),
        lost_in_the_rule=lost_in_the_rule(report),
        seeds=seeds_text(),
        tokens=f"{report['training']['tokens'] / 1e6:.1f}",
        conversations=f"{report['training']['conversations']:,}",
        cpu_minutes=f"{report['training']['cpu_minutes']:.0f}",
        minutes=f"{report['training']['minutes']:.0f}",
    )


def write() -> None:
    """Write the card beside the model."""
    report = json.loads(paths.EVALUATION.read_text("utf-8"))
    config = json.loads((paths.MODEL / "config.json").read_text("utf-8"))
    (paths.MODEL / "README.md").write_text(text(report, config), "utf-8")
