"""``python -m assets.train.tinyloras``: every stage in order; a stage can be run alone by its name."""

import argparse

from assets.train.stages import run

from . import card, evaluate, pictures, train


def main() -> None:
    stages = {"reader": lambda _: train.learn_reader()}
    stages |= {name: lambda _, name=name: train.lora(name) for name in pictures.NAMES}
    stages |= {"seeds": lambda _: [train.lora(name, seed, write=False) for name in pictures.NAMES for seed in (1, 2)]}
    stages |= {"evaluate": lambda _: evaluate.evaluate(), "card": lambda _: card.write()}
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinyloras", description=__doc__)
    run(parser, stages)


if __name__ == "__main__":
    main()
