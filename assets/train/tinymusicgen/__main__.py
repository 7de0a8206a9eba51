"""``python -m assets.train.tinymusicgen``: every stage in order. One runs alone by its name; training resumes."""

import argparse
import json

from assets.train.stages import run


def main() -> None:
    stages = {
        "reader": make_reader,
        "codec": make_codec,
        "decoder": make_decoder,
        "train": make_weights,
        "export": write_model,
        "evaluate": measure,
        "card": write_cards,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinymusicgen", description=__doc__)
    parser.add_argument("--seconds", type=float, default=510.0, help="of the processor for the language model")
    parser.add_argument("--decoder-seconds", type=float, default=300.0, help="of the processor for the codec's decoder")
    run(parser, stages)


def make_reader(_: argparse.Namespace) -> None:
    from . import reader

    print(reader.train())


def make_codec(_: argparse.Namespace) -> None:
    from . import codec

    print(codec.fit(), codec.encode(), "clips")


def make_decoder(arguments: argparse.Namespace) -> None:
    from . import decoder

    print(decoder.learn(arguments.decoder_seconds))


def make_weights(arguments: argparse.Namespace) -> None:
    from . import train

    train.train(train.Settings(seconds=arguments.seconds))


def write_model(_: argparse.Namespace) -> None:
    from . import export

    print(export.export())


def measure(_: argparse.Namespace) -> None:
    from . import evaluate

    print(json.dumps(evaluate.evaluate(), ensure_ascii=False))


def write_cards(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
