"""``python -m assets.train.poem``: every stage in order; each can be run alone by its name, and training resumes."""

import argparse
import json

from . import corpus, rhymes, train, vocabulary
from .network import Shape


def main() -> None:
    stages = {"corpus": make_corpus, "train": make_weights}
    parser = argparse.ArgumentParser(prog="python -m assets.train.poem", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(stages)}; default: all")
    parser.add_argument("--minutes", type=float, default=train.Settings.minutes, help="training time limit")
    parser.add_argument("--tokens", type=int, default=train.Settings.tokens, help="training tokens planned")
    arguments = parser.parse_args()
    for name in arguments.stages or stages:
        stages[name](arguments)


def make_corpus(arguments: argparse.Namespace) -> None:
    rhymes.build()
    print(json.dumps(corpus.build(), ensure_ascii=False, sort_keys=True))
    print(vocabulary.build(), "tokens in the vocabulary")


def make_weights(arguments: argparse.Namespace) -> None:
    settings = train.Settings(tokens=arguments.tokens, minutes=arguments.minutes)
    train.train(Shape(len(vocabulary.Encoder().ids)), settings)


if __name__ == "__main__":
    main()
