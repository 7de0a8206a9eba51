"""``python -m assets.train.tinysdxl``: every stage in order. A stage can be run alone by its name; training resumes."""

import argparse

from assets.train.stages import run

CHUNKS = 40


def main() -> None:
    stages = {
        "pictures": render,
        "codec": fit_codec,
        "text": teach_text,
        "unet": train_unet,
        "decoder": train_decoder,
        "encoder": train_encoder,
        "decay": decay_unet,
        "polish": polish_unet,
        "blend": blend_unet,
        "export": write_model,
        "evaluate": measure,
        "card": write_card,
    }
    parser = argparse.ArgumentParser(prog="python -m assets.train.tinysdxl", description=__doc__)
    parser.add_argument("--wall", type=float, default=3600.0, help="seconds for each training stage")
    parser.add_argument("--chunks", type=int, default=CHUNKS, help="chunks of 1,000 pictures")
    parser.add_argument(
        "--decay", type=float, default=0.0, help="decoder, encoder: share of the time with falling rate"
    )
    run(parser, stages, extra={"restore": restore_state, "drafts": draft_pictures, "ship-decoder": write_decoder})


def render(arguments: argparse.Namespace) -> None:
    from . import pictures

    pictures.build(arguments.chunks)


def fit_codec(_: argparse.Namespace) -> None:
    from . import codec

    codec.fit()


def teach_text(_: argparse.Namespace) -> None:
    from . import text

    text.train()


def train_unet(arguments: argparse.Namespace) -> None:
    from . import diffusion

    diffusion.train(arguments.wall)


def decay_unet(arguments: argparse.Namespace) -> None:
    from . import diffusion

    diffusion.train(arguments.wall, fall_from=1.0)


def polish_unet(arguments: argparse.Namespace) -> None:
    from . import blend, diffusion, paths

    blend.keep()
    diffusion.train(arguments.wall, diffusion.POLISH, diffusion.POLISH_FROM, paths.DECAYED)


def blend_unet(_: argparse.Namespace) -> None:
    from . import blend

    blend.blend()


def train_decoder(arguments: argparse.Namespace) -> None:
    from . import vae

    vae.train("decoder", arguments.wall, arguments.decay)


def draft_pictures(arguments: argparse.Namespace) -> None:
    from . import drafts

    drafts.build(arguments.chunks)


def train_encoder(arguments: argparse.Namespace) -> None:
    from . import vae

    vae.train("encoder", arguments.wall, arguments.decay)


def restore_state(_: argparse.Namespace) -> None:
    from . import restore

    restore.restore()


def write_model(_: argparse.Namespace) -> None:
    from . import export

    export.export()
    export.write_state()


def write_decoder(_: argparse.Namespace) -> None:
    from . import export

    export.export_decoder()  # state/ stays: what a later training goes on from is not a mean


def measure(_: argparse.Namespace) -> None:
    from . import evaluate

    evaluate.evaluate()


def write_card(_: argparse.Namespace) -> None:
    from . import card

    card.write()


if __name__ == "__main__":
    main()
