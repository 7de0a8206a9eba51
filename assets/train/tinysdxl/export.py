"""Puts the parts together into one StableDiffusionXLPipeline in float16, and keeps the state to go on from."""

import json
from pathlib import Path

import torch
from torch import nn

from . import network, paths, text, vae


def decayed_or_live(file: Path) -> Path:
    """The branch with the falling rate when there is one, else the running training."""
    branch = file.with_name(f"{file.stem}-decayed.pt") if file != paths.NETWORK else paths.DECAYED
    return branch if branch.exists() else file


def unet(file: Path | None = None) -> nn.Module:
    """The averaged U-Net with diffusers' own attention processors."""
    from diffusers.models.attention_processor import AttnProcessor2_0

    model = network.build()
    model.load_state_dict(torch.load(file or decayed_or_live(paths.NETWORK), weights_only=True)["averaged"])
    model.set_attn_processor(AttnProcessor2_0())
    return model.eval()


def autoencoder() -> nn.Module:
    """Decoder and encoder, averaged, as one AutoencoderKL; the log-variance of the latents is pinned."""
    model = vae.build()
    for name in ("decoder", "encoder"):
        part = vae.Part(name)
        part.file = decayed_or_live(part.file)
        part.resume()
        module = part.averaged()
        first, last = ("post_quant_conv", "decoder") if name == "decoder" else ("encoder", "quant_conv")
        getattr(model, first).load_state_dict(module.first.state_dict())
        getattr(model, last).load_state_dict(module.last.state_dict())
    channels = vae.SHAPE["latent_channels"]
    with torch.no_grad():
        model.quant_conv.weight[channels:] = 0.0
        model.quant_conv.bias[channels:] = vae.LOG_VARIANCE
    return model.eval()


def pipeline(file: Path | None = None):
    """The StableDiffusionXLPipeline, float32."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    encoders = text.load()
    return StableDiffusionXLPipeline(
        vae=autoencoder(),
        text_encoder=encoders.first,
        text_encoder_2=encoders.second,
        tokenizer=encoders.tokenizers[0],
        tokenizer_2=encoders.tokenizers[1],
        unet=unet(file),
        scheduler=EulerDiscreteScheduler(**network.SCHEDULE),
        add_watermarker=False,
    )


def export(target: Path = paths.MODEL) -> None:
    """Write the pipeline, float16, and the state."""
    pipe = pipeline()
    pipe.to(torch.float16).save_pretrained(target)
    for file in (file for file in target.rglob("*.json") if file.name != paths.EVALUATION.name):
        content = json.loads(file.read_text(encoding="utf-8"))
        if file.name == "config.json" and "dtype" in content:
            # transformers would load float16 where diffusers, asked for nothing, loads float32
            content["dtype"] = "float32"
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    print(f"{target.name}: {size / 1e6:.1f} MB", flush=True)


def export_decoder(target: Path = paths.MODEL, share: float = 0.5) -> None:
    """Write the trained decoder into the shipped autoencoder, float16; encoder, U-Net and text encoders stay.

    share: of the trained weights, the rest is of those that are shipped: what was learnt from drafts without most of
    what exact latents lost. Once only for each training.
    """
    from diffusers import AutoencoderKL

    model, part = AutoencoderKL.from_pretrained(target / "vae"), vae.Part("decoder")
    part.file = decayed_or_live(part.file)
    part.resume()
    module = part.averaged()
    with torch.no_grad():
        for ours, new in ((model.post_quant_conv, module.first), (model.decoder, module.last)):
            for weight, value in zip(ours.parameters(), new.parameters(), strict=True):
                weight.lerp_(value, share)
    draft = target / "vae.part"
    model.to(torch.float16).save_pretrained(draft)
    name = "diffusion_pytorch_model.safetensors"  # config.json says the same as before
    (draft / name).replace(target / "vae" / name)
    for file in draft.iterdir():
        file.unlink()
    draft.rmdir()


def write_state() -> None:
    """What a later training needs beside the pictures and the shipped U-Net: decoder and encoder as training left them,
    not averaged, codec, text encoders, in float16; and how far each training was.
    """
    from safetensors.torch import load_file, save_file

    half = lambda state: {name: tensor.half().contiguous() for name, tensor in state.items()}  # noqa: E731
    paths.STATE.mkdir(exist_ok=True)
    numbers = {}
    sources = {
        "unet": decayed_or_live(paths.NETWORK),
        "decoder": paths.DECODER if paths.DECODER.exists() else decayed_or_live(paths.DECODER),
        "encoder": paths.ENCODER if paths.ENCODER.exists() else decayed_or_live(paths.ENCODER),
    }
    for name, file in sources.items():
        if not file.exists():  # not trained further here: what is committed stays
            numbers[name] = json.loads(paths.PROGRESS.read_text(encoding="utf-8"))[name]
            continue
        state = torch.load(file, weights_only=True)
        if name != "unet":
            save_file(half(state["module"]), paths.STATE / f"{name}.safetensors")
        numbers[name] = {key: state[key] for key in ("step", "samples", "cpu") if key in state}
    save_file(load_file(paths.CODEC), paths.STATE / "codec.safetensors")
    encoders = text.load()
    encoders.first.half().save_pretrained(paths.STATE / "text" / "first")
    encoders.second.half().save_pretrained(paths.STATE / "text" / "second")
    paths.PROGRESS.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


def read_state(name: str) -> dict:
    """The committed weights of "unet" (the shipped ones), "decoder" or "encoder", float32, and how far they are."""
    from safetensors.torch import load_file

    file = paths.STATE / f"{name}.safetensors"
    if name == "unet":
        file = paths.MODEL / "unet" / "diffusion_pytorch_model.safetensors"
    weights = {key: value.float() for key, value in load_file(file).items()}
    return {"weights": weights, **json.loads(paths.PROGRESS.read_text(encoding="utf-8"))[name]}
