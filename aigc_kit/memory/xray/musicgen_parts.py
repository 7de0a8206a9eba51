"""Trace MusicGen: words, a step with full cache, sound.

The class is transformers' own `MusicgenForConditionalGeneration`, built from its config on the meta device.
"""

from pathlib import Path
from typing import Any

from aigc_kit.memory.footprint.model_facts import ModelFacts, PhaseFacts
from aigc_kit.memory.xray import build, phases
from aigc_kit.memory.xray.build import Part

WORDS = 32  # tokens of a prompt
SECONDS = 30.0  # that its position table is made for


def trace(folder: Path, dtype: str, attention: str, batch: int, seconds: float = SECONDS) -> ModelFacts:
    """Trace MusicGen, making this many seconds of sound.

    Every step is made with and without the words, as guidance does.

    Args:
        folder: with config.json, as transformers saves it.
        dtype, attention: as in `xray.trace`.
        batch: prompts.
        seconds: of sound.

    Raises:
        CannotLoad: a config that the class does not take.
    """
    config = build.read_json(folder / "config.json")
    whole = build.build("model", "transformers", build.MUSICGEN, config, dtype)
    whole.set_attn_implementation("eager" if attention == "math" else "sdpa")
    _settle(whole, dtype)
    parts = {
        name: Part(name, getattr(whole, name), config.get(name, {}), role, dtype)  # type: ignore[arg-type]
        for name, role in (("text_encoder", "encode"), ("decoder", "generate"), ("audio_encoder", "decode"))
    }
    if hasattr(whole, "enc_to_dec_proj"):
        parts["enc_to_dec_proj"] = Part("enc_to_dec_proj", whole.enc_to_dec_proj, {}, "other", dtype)
    frames = round(seconds * whole.config.audio_encoder.frame_rate)
    return ModelFacts(
        model=folder.name,
        pipeline=build.MUSICGEN,
        parts=tuple(build.facts(part) for part in parts.values()),
        phases=tuple(_phases(parts, 2 * batch, batch, frames, attention)),
        height=0,
        width=0,
        frames=0,
        batch=batch,
        dtype=dtype,
        attention=attention,  # type: ignore[arg-type]
        tokens=frames,
        traced_with=build.versions(),
    )


def _settle(whole: Any, dtype: str) -> None:
    """Give tables their dtype and convolutions their paddings.

    `from_pretrained` makes the table of positions in the dtype of the weights; paddings are tensors in the codec.
    """
    import torch

    for each in whole.modules():
        if isinstance(getattr(each, "weights", None), torch.Tensor):
            each.weights = each.weights.to(getattr(torch, dtype))
        if isinstance(getattr(each, "padding_total", None), torch.Tensor):
            size, stride, apart = (value[0] for value in (each.conv.kernel_size, each.conv.stride, each.conv.dilation))
            reach = (size - 1) * apart + 1
            each.kernel_size, each.stride, each.padding_total = (
                torch.tensor(value, device="cpu") for value in (reach, stride, reach - stride)
            )


def _phases(parts: dict[str, Part], rows: int, batch: int, frames: int, attention: str) -> list[PhaseFacts]:
    """Trace the words, the last step and the codec's decoder."""
    import torch
    from transformers import DynamicCache, EncoderDecoderCache

    words, writer, codec = parts["text_encoder"], parts["decoder"], parts["audio_encoder"]
    shape = writer.module.config
    books, depth, wide, heads = (
        shape.num_codebooks, shape.num_hidden_layers, shape.hidden_size, shape.num_attention_heads,
    )  # fmt: skip
    made = getattr(torch, writer.dtype)

    def read() -> tuple[list[Any], Any]:
        ids, mask = (torch.empty(batch, WORDS, dtype=torch.int64) for _ in range(2))
        return [ids, mask], lambda: words.module(input_ids=ids, attention_mask=mask, return_dict=True)

    def cache(length: int) -> Any:
        filled = DynamicCache()
        for layer in range(depth):
            nothing = torch.empty(rows, heads, 0, wide // heads, dtype=made)
            filled.update(nothing, nothing, layer)
            kept: Any = filled.layers[layer]  # set, not joined: joining would copy
            kept.keys, kept.values = (torch.empty(rows, heads, length, wide // heads, dtype=made) for _ in range(2))
        return filled

    def step() -> tuple[list[Any], Any]:
        both = EncoderDecoderCache(cache(frames + books - 2), cache(WORDS))
        written = torch.empty(rows * books, frames + books - 1, dtype=torch.int64)
        told, mask = torch.empty(rows, WORDS, wide, dtype=made), torch.empty(rows, WORDS, dtype=torch.int64)
        return [both, written, told, mask], lambda: writer.module(
            input_ids=written[:, -1:],
            encoder_hidden_states=told,
            encoder_attention_mask=mask,
            past_key_values=both,
            use_cache=True,
        )

    def sound() -> tuple[list[Any], Any]:
        codes = torch.empty(1, batch, codec.module.quantizer.get_num_quantizers_for_bandwidth(None), frames).long()
        return [codes], lambda: codec.module.decode(codes, [None] * batch)

    return [
        phases.run(words, attention, read, "words").facts,
        phases.run(writer, attention, step, "token", calls=frames + books - 1, per="token").facts,
        phases.run(codec, attention, sound, "wave").facts,
    ]
