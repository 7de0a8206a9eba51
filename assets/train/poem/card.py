"""Writes the model card from ``eval.json`` and ``card_template.md``.

Only the spread of the speed over several evaluations is typed by hand, in the template.
"""

import json

from . import copying, corpus, paths

TEMPLATE = paths.HERE / "card_template.md"


def rate(share: dict) -> str:
    return f"{share['percent']:.1f} % ({share['low']:.1f} to {share['high']:.1f})"


def table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def perplexity_table(report: dict) -> str:
    own, base = report["test"], report["baseline"]
    rows = [
        ("all: rhyme, body, end", own["perplexity"], base["with_rhyme_token"]["order_5"]),
        ("the characters, the rhyme before them", own["characters_only"], base["with_rhyme_token"]["characters_only"]),
        (
            "the characters, no rhyme before them",
            own["without_rhyme_token"]["characters_only"],
            base["without_rhyme_token"]["characters_only"],
        ),
    ]
    return table(["scored", "this model", "Kneser-Ney"], [[name, f"{a:.1f}", f"{b:.1f}"] for name, a, b in rows])


def quality_table(named: dict[str, dict]) -> str:
    """One row for each set of poems, as ``evaluate.measure`` reports them."""
    measures = ("form", "rhyme", "form_and_rhyme", "repetition", "copied")
    head = ["", "form", "rhyme", "both", "repeats", "copies", "distinct pairs", "poems"]
    rows = [
        [name, *(rate(found[measure]) for measure in measures), found["distinct_pairs"], found["form"]["of"]]
        for name, found in named.items()
    ]
    return table(head, rows)


def nearest_table(report: dict) -> str:
    rows = []
    for found in report["nearest_at_0.7"]:
        faults = [name for name in ("form", "rhyme") if not found[f"{name}_ok"]]
        own = f"《{found['title']}》{found['poem']}"
        near = f"《{found['nearest_title'] or '无题'}》{found['nearest']}"
        rows.append([found["form"], own, ", ".join(faults) or "none", found["passage"], near])
    return table(["form", "sample", "faults", "in common", "nearest"], rows)


def text(report: dict, config: dict) -> str:
    """The whole card, from the evaluation and the model's config.json."""
    texts, training, test = report["corpus"], report["training"], report["test"]
    splits = ("train", "validation", "test")
    counts = [[s, *(f"{texts[f'{s}_{f}']:,}" for f in corpus.FORMS.values()), f"{texts[s]:,}"] for s in splits]
    by_form = report["temperature"]["0.7"]["by_form"]
    speed = report["speed"]
    return TEMPLATE.read_text("utf-8").format(
        millions=f"{report['parameters'] / 1e6:.1f}",
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        vocabulary=f"{config['vocab_size']:,}",
        test_tokens=f"{test['tokens']:,}",
        test_characters=f"{test['characters']:,}",
        ngrams=f"{report['baseline']['training_ngrams']:,}",
        copied=copying.COPIED,
        perplexity_table=perplexity_table(report),
        temperature_table=quality_table(
            {f"T = {t}": found for t, found in report["temperature"].items()}
            | {"real test poems": report["held_out_poems"]}
        ),
        asked_table=quality_table({name.replace("_", " "): found for name, found in report["asked_at_0.7"].items()}),
        form_table=table(["", "form", "rhyme"], [[f, rate(v["form"]), rate(v["rhyme"])] for f, v in by_form.items()]),
        twice=rate(report["temperature"]["0.7"]["rhyme_only_twice"]),
        twice_cold=rate(report["temperature"]["0.2"]["rhyme_only_twice"]),
        nearest_table=nearest_table(report),
        read=f"{texts['read_tang'] + texts['read_song']:,}",
        regular=f"{texts['regular_tang'] + texts['regular_song']:,}",
        without_variants=f"{texts['without_variants']:,}",
        known=f"{texts['known_characters_only']:,}",
        rarest=corpus.RAREST,
        titled=f"{report['title']['poems']:,}",
        own_title=f"{report['title']['own']:.1f}",
        no_title=f"{report['title']['none']:.1f}",
        other_title=f"{report['title']['of_another_poem']:.1f}",
        split_table=table(["split", *corpus.FORMS.values(), "all"], counts),
        tokens=f"{training['tokens'] / 1e6:.1f}",
        epochs=f"{training['epoch'] + training['part_of_epoch']:.2f}",
        minutes=f"{training['minutes']:.0f}",
        rate=f"{training['tokens_per_second']:,}",
        characters_per_second=", ".join(f"{form} {value}" for form, value in speed["characters_per_second"].items()),
        load=f"{speed['load_seconds']:.2f}",
        torch=report["versions"]["torch"],
        transformers=report["versions"]["transformers"],
        real_rhyme=rate(report["held_out_poems"]["rhyme"]),
    )


def write() -> None:
    report = json.loads(paths.EVALUATION.read_text("utf-8"))
    config = json.loads((paths.MODEL / "config.json").read_text("utf-8"))
    (paths.MODEL / "README.md").write_text(text(report, config), "utf-8")
