"""``python -m assets.train.clipreader``: every stage in order; a stage can be run alone by its name."""

import argparse

from assets.train.stages import run

from . import card, clips, evaluate, export, train


def main() -> None:
    stages = {
        "clips": lambda _: clips.build(),
        "train": lambda _: train.train(),
        "export": lambda _: export.export(),
        "evaluate": lambda _: evaluate.evaluate(),
        "card": lambda _: card.write(),
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.clipreader", description=__doc__)
    run(parser, stages)


if __name__ == "__main__":
    main()
