"""Writes the averaged weights as a MusicgenForConditionalGeneration in float16, with its processor."""

import torch
from transformers import EncodecFeatureExtractor, MusicgenProcessor

from aigc_kit.worlds.sounds.sound_world import OWN_RATE

from . import network, paths


def export() -> dict[str, int]:
    """Write the folder that is shipped; returns the numbers of parameters by part."""
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    model = network.build()
    model.text_encoder.load_state_dict(state["text_encoder"])
    inside = {name: value for name, value in state["averaged"].items() if not name.startswith("notes.")}
    model.decoder.load_state_dict(_below("decoder.", inside))
    model.enc_to_dec_proj.load_state_dict(_below("words.", inside))
    model.eval().half().save_pretrained(paths.MODEL)
    (paths.MODEL / "model.safetensors").chmod(0o644)  # written readable by the owner alone
    listen = EncodecFeatureExtractor(feature_size=1, sampling_rate=OWN_RATE, padding_value=0.0)
    MusicgenProcessor(listen, network.tokenizer()).save_pretrained(paths.MODEL)
    parts = {"text": model.text_encoder, "decoder": model.decoder, "codec": model.audio_encoder}
    return {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}


def _below(start: str, state: dict) -> dict:
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
