"""``python -m assets.train.tinyreader``: every stage in order; a stage can be run alone by its name."""

import argparse

from . import card, evaluate, export, pictures, train


def main() -> None:
    stages = {
        "pictures": lambda arguments: pictures.build(train.SHARDS),
        "train": lambda arguments: train.train(arguments.steps),
        "export": lambda arguments: export.export(),
        "evaluate": lambda arguments: evaluate.evaluate(),
        "card": lambda arguments: card.write(),
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinyreader", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(stages)}; default: all")
    parser.add_argument("--steps", type=int, default=train.STEPS, help="training steps of 64 pictures")
    arguments = parser.parse_args()
    if unknown := set(arguments.stages) - set(stages):
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(stages)}")
    for name in arguments.stages or stages:
        print(f"--- {name}", flush=True)
        stages[name](arguments)


if __name__ == "__main__":
    main()
