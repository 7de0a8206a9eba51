"""``python -m assets.train.tinyreader``: every stage in order; a stage can be run alone by its name."""

import argparse

from . import card, evaluate, export, pictures, train


def main() -> None:
    stages = {
        "pictures": pictures.build,
        "first": lambda: train.train(train.FIRST),
        "second": lambda: train.train(train.SECOND),
        "export": export.export,
        "evaluate": evaluate.evaluate,
        "card": card.write,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinyreader", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(stages)}; default: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.stages) - set(stages):
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(stages)}")
    for name in arguments.stages or stages:
        print(f"--- {name}", flush=True)
        stages[name]()


if __name__ == "__main__":
    main()
