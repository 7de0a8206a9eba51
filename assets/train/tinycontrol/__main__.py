"""``python -m assets.train.tinycontrol``: every stage in order; a stage can be run alone by its name."""

import argparse

from assets.train.stages import run

from . import card, evaluate, train


def main() -> None:
    stages = {
        "pictures": lambda _: train.pictures(train.base()),
        "train": lambda arguments: train.learn(arguments.wall),
        "decay": lambda arguments: train.learn(arguments.wall / 5, fall=True),
        "export": lambda _: evaluate.export(),
        "evaluate": lambda _: evaluate.evaluate(),
        "card": lambda _: card.write(),
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinycontrol", description=__doc__)
    parser.add_argument("--wall", type=float, default=3000, help="seconds of the training; the decay takes a fifth")
    run(parser, stages)


if __name__ == "__main__":
    main()
