"""``python -m assets.train.tinychat``: every stage in order. A stage can be run alone by its name; training resumes."""

import argparse
import json

from assets.train.stages import run

from . import train


def main() -> None:
    stages = {
        "tokenizer": make_tokenizer,
        "train": make_weights,
        "export": write_model,
        "evaluate": measure,
        "card": write_card,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinychat", description=__doc__)
    parser.add_argument("--minutes", type=float, default=train.Settings.minutes, help="training time in all")
    parser.add_argument("--tokens", type=int, default=0, help="its length in tokens instead of minutes")
    parser.add_argument("--plateau", type=float, default=train.Settings.plateau, help="share of it at the full rate")
    parser.add_argument("--stage", default="", help="meaning, lookup or rules; default: by progress")
    parser.add_argument("--eager", action="store_true", help="without torch.compile, which costs a minute or more")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--names", nargs="*", help="what the probe looks at, parts of the evaluation; default: all")
    run(parser, stages, extra={"probe": look, "restore": put_back, "seeds": gather_seeds, "browser": write_onnx})


def make_tokenizer(_: argparse.Namespace) -> None:
    from . import tokens

    print(tokens.build(), "tokens in the vocabulary")


def make_weights(arguments: argparse.Namespace) -> None:
    from . import network, tokens

    chosen = {name: getattr(arguments, name) for name in ("minutes", "tokens", "plateau", "stage", "seed")}
    settings = train.Settings(**chosen, compiled=not arguments.eager)
    train.train(network.shape(tokens.Encoder().size), settings)


def put_back(_: argparse.Namespace) -> None:
    from . import restore

    restore.restore()


def gather_seeds(_: argparse.Namespace) -> None:
    from . import paths, seeds

    print(json.dumps(seeds.gather(paths.RUN), ensure_ascii=False))


def write_onnx(_: argparse.Namespace) -> None:
    from . import browser

    print(browser.export())


def look(arguments: argparse.Namespace) -> None:
    from . import probe, watch

    probe.asked(arguments.names or list(watch.WATCHED), 40)


def write_model(_: argparse.Namespace) -> None:
    from . import export

    print(export.export(), "parameters")


def measure(arguments: argparse.Namespace) -> None:
    from . import evaluate

    print(json.dumps(evaluate.evaluate(arguments.names or ()), ensure_ascii=False))


def write_card(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
