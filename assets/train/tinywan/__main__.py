"""``python -m assets.train.tinywan``: every stage in order. A stage can be run alone by its name; training resumes."""

import argparse

from assets.train.stages import run

CHUNKS = 80


def main() -> None:
    stages = {
        "clips": render,
        "text": teach_text,
        "flow": train_flow,
        "decoder": train_decoder,
        "encoder": train_encoder,
        "decay": decay_flow,
        "polish": polish_flow,
        "blend": blend_flow,
        "state": write_state,
        "export": write_model,
        "evaluate": evaluate_model,
        "card": write_card,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinywan", description=__doc__)
    parser.add_argument("--wall", type=float, default=3600.0, help="seconds for each training stage")
    parser.add_argument("--threads", type=int, default=1, help="of the transformer's training")
    parser.add_argument("--chunks", type=int, default=CHUNKS, help="chunks of 250 clips")
    parser.add_argument("--shape", choices=("deep", "pyramid"), default="deep", help="of decoder and encoder")
    parser.add_argument(
        "--decay", type=float, default=0.3, help="decoder, encoder: share of the time with falling rate"
    )
    run(parser, stages, extra={"restore": restore_state})


def render(arguments: argparse.Namespace) -> None:
    from . import clips

    clips.build(arguments.chunks)


def teach_text(_: argparse.Namespace) -> None:
    from . import text

    text.train()


def train_flow(arguments: argparse.Namespace) -> None:
    from . import flow

    flow.train(arguments.wall, threads=arguments.threads)


def decay_flow(arguments: argparse.Namespace) -> None:
    from . import flow

    flow.train(arguments.wall, fall_from=1.0, threads=arguments.threads)


def polish_flow(arguments: argparse.Namespace) -> None:
    from . import flow, paths

    flow.train(arguments.wall, flow.POLISH, flow.POLISH_FROM, paths.DECAYED, arguments.threads)


def blend_flow(_: argparse.Namespace) -> None:
    from . import flow

    flow.blend()


def train_decoder(arguments: argparse.Namespace) -> None:
    from . import autoencoder

    autoencoder.train("decoder", arguments.wall, arguments.decay, shape=arguments.shape)


def train_encoder(arguments: argparse.Namespace) -> None:
    from . import autoencoder

    autoencoder.train("encoder", arguments.wall, arguments.decay, shape=arguments.shape)


def write_state(arguments: argparse.Namespace) -> None:
    from . import autoencoder, export

    if arguments.shape == autoencoder.SHIPPED:
        export.write_state()
    else:
        export.write_trial(arguments.shape)


def restore_state(_: argparse.Namespace) -> None:
    from . import export

    export.restore()


def write_model(_: argparse.Namespace) -> None:
    from . import export

    print(f"{export.write() / 1e6:.1f} MB of weights", flush=True)


def evaluate_model(_: argparse.Namespace) -> None:
    from . import evaluate

    found = evaluate.evaluate()["sets"]["generated"]["all"]
    print({name: round(share["percent"], 1) for name, share in found.items()}, flush=True)


def write_card(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
