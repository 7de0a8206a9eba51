"""Every image and video card's pipeline of its real class, at a fraction of its width, in files for from_pretrained."""

import shutil
from dataclasses import replace

import pytest

from aigc_kit.models import cards
from tests.image import kolors_model
from tests.image.image_models import build_parts, write_sd15, write_tokenizer

CARDS = tuple(card.name for kind in ("image", "video") for card in cards.of_kind(kind) if card.tier == "full")


def _sdxl(folder):
    import torch
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTokenizer

    words = folder.with_name("words")
    tokenizers = {}
    for name, pad in (("tokenizer", "<|endoftext|>"), ("tokenizer_2", "!")):
        write_tokenizer(words / name, pad)
        tokenizers[name] = CLIPTokenizer.from_pretrained(words / name)
    pipe = StableDiffusionXLPipeline(**build_parts(deep=False), **tokenizers, add_watermarker=False)
    pipe.to(torch.float16).save_pretrained(folder, variant="fp16")
    for name in tokenizers:
        shutil.rmtree(folder / name)
        shutil.copytree(words / name, folder / name)
    return folder


def _wan(folder):
    from tests.video.video_models import wide_pipeline

    wide_pipeline().save_pretrained(folder)
    return folder


def _kolors(folder):
    pytest.importorskip("sentencepiece", reason="the extra [kolors] is not installed")
    made = folder.with_name("kolors-made")
    made.mkdir()
    return kolors_model.write(made)


WRITE = {"sdxl": _sdxl, "sd15": write_sd15, "kolors": _kolors, "wan2.1-1.3b": _wan, "wan2.1-14b": _wan}


def folder_of(name, root):
    """The folder of a card's reduced pipeline below a root, written once; a card without one is an error."""
    known = {"kolors": root / "kolors-made" / "models" / "kolors"}.get(name, root / name)
    return known if known.is_dir() else WRITE[name](root / name)


def at_hand(plan, **values):
    """The plan with a size that a CPU draws in a moment; nothing else of it is changed, but where its files are."""
    video = plan.card.kind == "video"
    side = 128 if plan.card.name.startswith("wan") else 64  # the least that they draw
    size = {"height": side, "width": side, "steps": 1, **({"frames": 5} if video else {}), **values}
    return replace(plan, request=plan.request.change(**size), card=replace(plan.card, sources=()))
