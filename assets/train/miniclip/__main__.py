"""``python -m assets.train.miniclip``: every stage in order. A stage can be run alone by its name; training resumes."""

import argparse
import json

from assets.train.stages import run


def main() -> None:
    stages = {"train": make_weights, "export": write_model, "evaluate": measure, "card": write_card}
    parser = argparse.ArgumentParser(prog="python -m assets.train.miniclip", description=__doc__)
    parser.add_argument("--seconds", type=float, default=520.0, help="core seconds of training in all")
    run(parser, stages, {"baseline": measure_first})


def make_weights(arguments: argparse.Namespace) -> None:
    from . import train

    train.train(arguments.seconds)


def write_model(_: argparse.Namespace) -> None:
    from . import evaluate

    print(evaluate.export(), "parameters")


def measure(_: argparse.Namespace) -> None:
    from . import evaluate

    print(json.dumps(evaluate.evaluate()["recall"], ensure_ascii=False))


def measure_first(_: argparse.Namespace) -> None:
    from . import evaluate

    print(json.dumps(evaluate.baseline()["pairs"], ensure_ascii=False))


def write_card(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
