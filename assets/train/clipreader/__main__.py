"""``python -m assets.train.clipreader``: every stage in order; a stage can be run alone by its name."""

import argparse

from . import card, clips, evaluate, export, train


def main() -> None:
    stages = {
        "clips": clips.build,
        "train": train.train,
        "export": export.export,
        "evaluate": evaluate.evaluate,
        "card": card.write,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.clipreader", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(stages)}; default: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.stages) - set(stages):
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(stages)}")
    for name in arguments.stages or stages:
        print(f"--- {name}", flush=True)
        stages[name]()


if __name__ == "__main__":
    main()
