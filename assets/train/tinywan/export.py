"""The parts as a WanPipeline in float16, as it is shipped; and what a later training goes on from."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file

from aigc_kit.make.train import read_weights, write_weights

from . import autoencoder, network, paths, text, widen

FLOW_SHIFT = 3.0


def pipeline(decayed: bool = True):
    """The WanPipeline of the averaged weights, float32, stock attention; a transformer that was not trained here is the
    shipped one.
    """
    from diffusers import UniPCMultistepScheduler, WanPipeline

    source = paths.DECAYED if decayed and paths.DECAYED.exists() else paths.NETWORK
    model = network.build()
    trained = torch.load(source, weights_only=True)["averaged"] if source.exists() else _shipped("transformer")
    model.load_state_dict(trained)
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
    """What a later training needs beside the shipped weights: codec, text encoder, and how far each training was."""
    source = paths.DECAYED if paths.DECAYED.exists() else paths.NETWORK
    state = torch.load(source, weights_only=True) if source.exists() else _progress()["transformer"]
    file = paths.autoencoder(autoencoder.SHIPPED)
    halves = torch.load(file, weights_only=True)["step"] if file.exists() else _progress()["autoencoder"]
    numbers = {"transformer": {key: state[key] for key in ("step", "samples", "cpu")}, "autoencoder": halves}
    paths.STATE.mkdir(parents=True, exist_ok=True)
    trials = _progress().get("trials", {}) if paths.PROGRESS.exists() else {}
    numbers |= {"trials": {shape: step for shape, step in trials.items() if shape != autoencoder.SHIPPED}}
    shutil.copyfile(paths.CODEC, paths.STATE / "codec.safetensors")
    shutil.copytree(paths.TEXT, paths.STATE / "text", dirs_exist_ok=True)
    _note_progress(numbers)


def write_trial(shape: str) -> None:
    """Keep the averaged weights of an autoencoder that is not shipped yet, float16, and the steps of its halves."""
    state = torch.load(paths.autoencoder(shape), weights_only=True)
    write_weights(state["model"] | state["averaged"], paths.trial(shape), half=True)
    numbers = _progress()
    _note_progress(numbers | {"trials": numbers.get("trials", {}) | {shape: state["step"]}})


def restore() -> None:
    """In a fresh clone: codec and text encoder from ``state/``, which clips and transformer belong to."""
    paths.RUN.mkdir(parents=True, exist_ok=True)
    if not paths.CODEC.exists():
        shutil.copyfile(paths.STATE / "codec.safetensors", paths.CODEC)
    if not paths.TEXT.exists():
        shutil.copytree(paths.STATE / "text", paths.TEXT)


def read_state() -> dict:
    """The shipped transformer, float32, widened if the training's is wider; average and optimisers begin anew."""
    weights, progress = widen.widen(_shipped("transformer")), _progress()["transformer"]
    return {"model": weights, "averaged": weights, "since": progress["step"], **progress}


def read_autoencoder() -> dict:
    """The shipped autoencoder, float32, and the steps of its halves."""
    return {"model": _shipped("vae"), "averaged": {}, "step": _progress()["autoencoder"]}


def read_trial(shape: str) -> dict:
    """What `write_trial` kept, float32; the average begins anew."""
    return {"model": read_weights(paths.trial(shape)), "averaged": {}, "step": _progress()["trials"][shape]}


def _note_progress(numbers: dict) -> None:
    paths.PROGRESS.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


def _progress() -> dict:
    return json.loads(paths.PROGRESS.read_text(encoding="utf-8"))


def _shipped(part: str) -> dict[str, torch.Tensor]:
    file = paths.MODEL / part / "diffusion_pytorch_model.safetensors"
    return {name: value.float() for name, value in load_file(file).items()}
