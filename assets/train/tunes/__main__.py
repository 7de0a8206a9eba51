"""``python -m assets.train.tunes``: every stage in order. A stage can be run alone by its name; training resumes."""

import argparse
import json

from assets.train.stages import run

from . import train


def main() -> None:
    stages = {
        "corpus": make_corpus,
        "train": make_weights,
        "export": write_model,
        "evaluate": measure,
        "card": write_card,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tunes", description=__doc__)
    parser.add_argument("--steps", type=int, default=train.Settings.steps, help="of the training in all")
    run(parser, stages)


def make_corpus(_: argparse.Namespace) -> None:
    from . import corpus, vocabulary

    print(vocabulary.build(), "tokens,", corpus.build(), "different tunes")


def make_weights(arguments: argparse.Namespace) -> None:
    train.train(train.Settings(steps=arguments.steps))


def write_model(_: argparse.Namespace) -> None:
    from . import export

    print(export.export(), "parameters")


def measure(_: argparse.Namespace) -> None:
    from . import evaluate

    print(json.dumps(evaluate.evaluate(), ensure_ascii=False))


def write_card(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
