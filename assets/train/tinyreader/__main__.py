"""``python -m assets.train.tinyreader``: every stage in order; a stage can be run alone by its name."""

import argparse

from assets.train.stages import run

from . import card, evaluate, export, pictures, smears, train


def main() -> None:
    stages = {
        "pictures": lambda _: pictures.build(),
        "first": lambda _: train.train(train.FIRST),
        "second": lambda _: train.train(train.SECOND),
        "export": lambda _: export.export(),
        "evaluate": lambda _: evaluate.evaluate(),
        "card": lambda _: card.write(),
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinyreader", description=__doc__)
    run(parser, stages, extra={"smears": lambda _: smears.trial()})


if __name__ == "__main__":
    main()
