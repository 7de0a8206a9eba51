"""``python -m assets.train.poem``: every stage in order. A stage can be run alone by its name; training resumes."""

import argparse
import json

from assets.train.stages import run

from . import train


def main() -> None:
    stages = {
        "corpus": make_corpus,
        "baseline": score_baseline,
        "train": make_weights,
        "export": write_model,
        "evaluate": measure,
        "card": write_card,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.poem", description=__doc__)
    parser.add_argument("--minutes", type=float, default=train.Settings.minutes, help="training time limit")
    parser.add_argument("--tokens", type=int, default=train.Settings.tokens, help="training tokens planned")
    run(parser, stages, extra={"probe": look})


def show(report: dict) -> None:
    print(json.dumps(report, ensure_ascii=False, sort_keys=True))


def make_corpus(_: argparse.Namespace) -> None:
    from . import corpus, rhymes, vocabulary

    rhymes.build()
    show(corpus.build())
    print(vocabulary.build(), "tokens in the vocabulary")


def score_baseline(_: argparse.Namespace) -> None:
    from . import baseline

    show(baseline.evaluate())


def make_weights(arguments: argparse.Namespace) -> None:
    from . import vocabulary
    from .network import Shape

    settings = train.Settings(tokens=arguments.tokens, minutes=arguments.minutes)
    train.train(Shape(len(vocabulary.Encoder().ids)), settings)


def look(_: argparse.Namespace) -> None:
    from . import probe

    show(probe.rhyme_probability())


def write_model(_: argparse.Namespace) -> None:
    from . import export

    print(export.export(), "parameters")


def measure(_: argparse.Namespace) -> None:
    from . import evaluate

    show(evaluate.evaluate())


def write_card(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
