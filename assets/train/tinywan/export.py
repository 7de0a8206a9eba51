"""The parts as a WanPipeline in float16, as it is shipped; and the raw weights that a later training goes on from."""

import shutil
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from . import autoencoder, network, paths, text

FLOW_SHIFT = 3.0


def pipeline(decayed: bool = True):
    """The WanPipeline of the averaged weights, float32, stock attention."""
    from diffusers import UniPCMultistepScheduler, WanPipeline

    source = paths.DECAYED if decayed and paths.DECAYED.exists() else paths.NETWORK
    model = network.build()
    model.load_state_dict(torch.load(source, weights_only=True)["averaged"])
    network.restore(model)
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=FLOW_SHIFT
    )
    words = text.load()
    return WanPipeline(
        tokenizer=words.tokenizer,
        text_encoder=words.encoder,
        transformer=model.eval(),
        vae=autoencoder.load(),
        scheduler=scheduler,
    )


def write(folder: Path = paths.MODEL) -> int:
    """Write the pipeline in float16; what stands there beside it (card, evaluation) stays. Returns bytes of weights."""
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    pipeline().to(torch.float16).save_pretrained(draft, safe_serialization=True)
    folder.mkdir(parents=True, exist_ok=True)
    for item in draft.iterdir():
        target = folder / item.name
        if target.is_dir():
            shutil.rmtree(target)
        item.replace(target)
    draft.rmdir()
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


def write_state() -> None:
    """What a later training goes on from: raw float16 weights of transformer and autoencoder, text encoder, codec."""
    state = torch.load(paths.NETWORK, weights_only=True)
    facts = {key: str(state[key]) for key in ("step", "samples", "cpu")}
    paths.STATE.mkdir(parents=True, exist_ok=True)
    save_file(_half(state["model"]), paths.STATE / "transformer.safetensors", metadata=facts)
    halves = torch.load(paths.AUTOENCODER, weights_only=True)
    facts = {half: str(step) for half, step in halves["step"].items()}
    save_file(_half(halves["model"]), paths.STATE / "autoencoder.safetensors", metadata=facts)
    shutil.copyfile(paths.CODEC, paths.STATE / "codec.safetensors")
    shutil.copytree(paths.TEXT, paths.STATE / "text", dirs_exist_ok=True)


def restore() -> None:
    """In a fresh clone: codec and text encoder from ``state/``, which clips and transformer belong to."""
    paths.RUN.mkdir(parents=True, exist_ok=True)
    if not paths.CODEC.exists():
        shutil.copyfile(paths.STATE / "codec.safetensors", paths.CODEC)
    if not paths.TEXT.exists():
        shutil.copytree(paths.STATE / "text", paths.TEXT)


def read_state() -> dict:
    """The committed transformer, float32; the running average begins anew."""
    weights, facts = _read("transformer")
    numbers = {"step": int(facts["step"]), "samples": int(facts["samples"]), "cpu": float(facts["cpu"])}
    return {"model": weights, "averaged": weights, **numbers}


def read_autoencoder() -> dict:
    """The committed autoencoder, float32, and the steps of its halves."""
    weights, facts = _read("autoencoder")
    return {"model": weights, "averaged": {}, "step": {half: int(step) for half, step in facts.items()}}


def _half(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.half().contiguous() for name, value in tensors.items()}


def _read(name: str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    with safe_open(paths.STATE / f"{name}.safetensors", framework="pt") as file:
        return {key: file.get_tensor(key).float() for key in file.keys()}, file.metadata()  # noqa: SIM118 (no dict)
