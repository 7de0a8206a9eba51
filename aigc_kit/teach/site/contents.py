"""Gather what each playground holds: parts, tables, word lists, facts."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.make.diffusion.loading import quiet
from aigc_kit.models import cards, loaded
from aigc_kit.teach.site import forwards
from aigc_kit.teach.site.exports import Part, export
from aigc_kit.teach.site.packing import Bundle
from aigc_kit.teach.site.word_lists import word_lists
from aigc_kit.worlds import verse

MOST_STEPS = 50
LORAS = ("blueprint", "papercut")
CLIP_TOKENS = 64  # of a clip's phrase; the longest has 24
_Say = Callable[[str], None]


def open_pipeline(name: str) -> Any:
    """Load a shipped pipeline in float32, on the CPU."""
    import diffusers
    import torch

    card = cards.get(name)
    with quiet():
        pipe = getattr(diffusers, card.parts["pipeline"].rpartition(".")[2]).from_pretrained(
            loaded.on_disk(card), dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def picture_parts(pipe: Any) -> list[Part]:
    """Export the parts of the tiny SDXL, with its looks."""
    import torch

    numbers = torch.Generator().manual_seed(0)
    first, second = (torch.randint(0, 1000, (1, 77), generator=numbers) for _ in range(2))
    size = 128.0
    step = {
        "x": torch.randn(2, 16, 16, 16, generator=numbers),
        "time": torch.tensor(999.0),
        "states": torch.randn(2, 77, 192, generator=numbers),
        "pooled": torch.randn(2, 128, generator=numbers),
        "sizes": torch.tensor([[size, size, 0, 0, size, size]] * 2),
    }
    looks, usual = forwards.Looks(), pipe.unet.attn_processors
    pipe.unet.set_attn_processor(looks)
    unet = export("unet", forwards.noise_of_picture(looks), [pipe.unet], step, ("guess", "looks"))
    pipe.unet.set_attn_processor(usual)
    encoders = [pipe.text_encoder, pipe.text_encoder_2]
    text = export("text", forwards.text_of_picture, encoders, {"first": first, "second": second}, ("states", "pooled"))
    latents = {"latents": torch.randn(1, 16, 16, 16, generator=numbers)}
    return [text, unet, export("vae", forwards.pixels_of_picture, [pipe.vae], latents, ("picture",))]


def clip_parts(pipe: Any) -> list[Part]:
    """Export the parts of the tiny Wan."""
    import torch

    numbers = torch.Generator().manual_seed(0)
    ids, mask = (
        torch.randint(3, 200, (1, CLIP_TOKENS), generator=numbers),
        torch.ones(1, CLIP_TOKENS, dtype=torch.int64),
    )
    mask[:, 20:] = 0
    latents = torch.randn(1, 32, 5, 8, 8, generator=numbers)
    step = {"x": latents, "time": torch.tensor([999.0]), "states": torch.randn(1, 512, 96, generator=numbers)}
    text = export("text", forwards.text_of_clip, [pipe.text_encoder], {"ids": ids, "mask": mask}, ("states",))
    transformer = export("transformer", forwards.velocity_of_clip, [pipe.transformer], step, ("velocity",))
    return [text, transformer, export("vae", forwards.frames_of_clip, [pipe.vae], {"latents": latents}, ("frames",))]


def open_language_model(name: str) -> Any:
    """Load a shipped language model in float32, on the CPU."""
    import torch
    from transformers import LlamaForCausalLM

    with quiet():
        folder = loaded.on_disk(cards.get(name))
        return LlamaForCausalLM.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        ).eval()


def text_part(name: str, model: Any) -> Part:
    """Export a language model's step, its cache outside."""
    import torch

    config, numbers = model.config, torch.Generator().manual_seed(0)
    room = (config.num_hidden_layers, config.num_attention_heads, config.max_position_embeddings, config.head_dim)
    keys, values = (torch.randn(room, generator=numbers) for _ in range(2))
    inputs = {"token": torch.tensor([[7]]), "place": torch.tensor([[5]]), "keys": keys, "values": values}
    return export(name, forwards.next_token, [model], inputs, ("scores", "looks", "key", "value"))


def schedule(scheduler: Any) -> np.ndarray:
    """List times and sigmas for 1 to 50 steps, float32."""
    rows: list[Any] = []
    for steps in range(1, MOST_STEPS + 1):
        scheduler.set_timesteps(steps)
        rows += [scheduler.timesteps.numpy(), scheduler.sigmas.numpy()]
    return np.concatenate(rows).astype(np.float32)


def tokenizer_table(folder: Path) -> dict[str, Any]:
    """Read what a page needs of a tokenizer's files."""
    whole = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    model = whole["model"]
    special = {token["content"]: token["id"] for token in whole["added_tokens"]}
    vocab = model["vocab"]
    ids = vocab if isinstance(vocab, dict) else {piece: place for place, (piece, _) in enumerate(vocab)}
    named = {name: ids.get(settings.get(f"{name}_token")) for name in ("bos", "eos", "pad", "unk")}
    table = {
        "kind": model["type"].lower(),
        "vocab": vocab,
        "special": special,
        "template": settings.get("chat_template"),
    }
    table |= {"begin": named["bos"], "end": named["eos"], "pad": named["pad"], "unknown": named["unk"]}
    return {**table, "merges": model["merges"]} if "merges" in model else table


def lora_layers(pipe: Any, unet: Part, states: Iterable[str]) -> list[dict[str, Any]]:
    """Find the weights that a LoRA adds to.

    Returns:
        layer: name in the LoRA's file; weight: name in the graph; turned: it is the transposed there.
    """
    by_bytes = {(array.shape, array.tobytes()): name for name, array in unet.weights.items()}
    own = dict(pipe.unet.named_parameters())
    layers = []
    for key in sorted(states):
        layer, _, end = key.partition(".lora_A")
        if not end:
            continue
        array = own[f"{layer.removeprefix('unet.')}.weight"].detach().numpy().astype(np.float16)
        turned = (array.shape, array.tobytes()) not in by_bytes
        array = np.ascontiguousarray(array.T) if turned else array
        layers.append({"layer": layer, "weight": by_bytes[array.shape, array.tobytes()], "turned": turned})
    return layers


def picture(bundle: Bundle, pipe: Any, parts: list[Part]) -> None:
    """Put all of the picture playground into a bundle."""
    from safetensors.numpy import load_file

    for part in parts:
        bundle.add_part(part)
    bundle.add_arrays("tables", {"schedule": schedule(pipe.scheduler)})
    folder = paths.assets() / "models" / "tinyloras"
    states = {name: load_file(folder / f"{name}.safetensors") for name in LORAS}
    for name, state in states.items():
        bundle.add_arrays(f"lora.{name}", state)
    unet = next(part for part in parts if part.name == "unet")
    layers = lora_layers(pipe, unet, states[LORAS[0]])
    tables = [tokenizer_table(loaded.on_disk(cards.get("tinysdxl")) / name) for name in ("tokenizer", "tokenizer_2")]
    facts = {**card_facts("tinysdxl"), "tokenizers": tables, "loras": LORAS, "layers": layers}
    _add_json(bundle, facts=facts, lists=word_lists())


def clip(bundle: Bundle, pipe: Any, parts: list[Part]) -> None:
    """Put all of the clip playground into a bundle."""
    for part in parts:
        bundle.add_part(part)
    bundle.add_arrays("tables", {"schedule": schedule(pipe.scheduler)})
    folder = loaded.on_disk(cards.get("tinywan"))
    facts = {**card_facts("tinywan"), "tokenizer": tokenizer_table(folder / "tokenizer"), "room": CLIP_TOKENS}
    _add_json(bundle, facts=facts, lists=word_lists())


def text(bundle: Bundle, parts: list[Part]) -> None:
    """Put all of the text playground into a bundle."""
    facts = {}
    for part in parts:
        bundle.add_part(part)
        folder = loaded.on_disk(cards.get(part.name))
        config, generation = (
            json.loads((folder / name).read_text(encoding="utf-8"))
            for name in ("config.json", "generation_config.json")
        )
        shape = [
            config[key] for key in ("num_hidden_layers", "num_attention_heads", "max_position_embeddings", "head_dim")
        ]
        table = tokenizer_table(folder)
        never = generation.get("suppress_tokens") or []  # as `generate` and the kit's engine leave them out
        more = {"tokenizer": table, "shape": shape, "wrap": _wrap(folder, table), "never": never}
        facts[part.name] = {**card_facts(part.name), **more}
    _add_json(bundle, facts=facts)


def _wrap(folder: Path, table: Mapping[str, Any]) -> tuple[str, str]:
    """Tell what stands around a message or a title."""
    if table["template"] is None:
        return tuple(verse.prompt_for("五绝", "春").split("春"))  # type: ignore[return-value]
    from transformers import AutoTokenizer

    tokenizer, message = AutoTokenizer.from_pretrained(folder, local_files_only=True), "\x01"
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": message}], tokenize=False, add_generation_prompt=True
    )
    before, after = str(chat).split(message)
    return before, after


def card_facts(name: str) -> dict[str, Any]:
    """Say for a page what a card says."""
    card = cards.get(name)
    return {"name": name, "defaults": dict(card.defaults), "licence": card.licence, "note": str(card.notes[0])}


def _add_json(bundle: Bundle, **entries: Mapping[str, Any]) -> None:
    for name, entry in entries.items():
        bundle.add(name, json.dumps(entry, ensure_ascii=False, sort_keys=True).encode())
