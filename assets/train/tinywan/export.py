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
    """Raw weights of the constant-rate training, float16."""
    state = torch.load(paths.NETWORK, weights_only=True)
    tensors = {name: value.half().contiguous() for name, value in state["model"].items()}
    paths.STATE.mkdir(parents=True, exist_ok=True)
    facts = {key: str(state[key]) for key in ("step", "samples", "cpu")}
    save_file(tensors, paths.STATE / "transformer.safetensors", metadata=facts)


def read_state() -> dict:
    """What ``write_state`` wrote, in float32; the running average begins anew."""
    with safe_open(paths.STATE / "transformer.safetensors", framework="pt") as file:
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a dict)
        facts = file.metadata()
    numbers = {"step": int(facts["step"]), "samples": int(facts["samples"]), "cpu": float(facts["cpu"])}
    return {"model": weights, "averaged": weights, **numbers}
