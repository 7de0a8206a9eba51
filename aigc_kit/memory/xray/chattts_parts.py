"""Build ChatTTS from its published shapes, on the meta device.

A Llama that writes sound tokens, and three small convolutional decoders. Its package is not needed: the language model
is transformers' own class, the rest are plain layers whose sizes stand in `assets/configs/chattts/config.json`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.memory.footprint.model_facts import ModelFacts, PhaseFacts
from aigc_kit.memory.xray import build, phases
from aigc_kit.memory.xray.build import Part
from aigc_kit.models.compat import with_cache

COLUMNS = 2  # of the spectrogram for each sound token


def trace(folder: Path, dtype: str, attention: str, batch: int, tokens: int | None = None) -> ModelFacts:
    """Trace ChatTTS, writing `tokens` sound tokens.

    None: as many as its config allows.

    Raises:
        BadInput: a config without the shapes of its parts.
    """
    config = build.read_json(folder / "config.json")
    count = tokens or int(config.get("max_new_token", 2048))
    try:
        parts = _parts(config, dtype)
    except (KeyError, TypeError) as error:
        raise BadInput(
            asked="the shapes of ChatTTS", found=f"{type(error).__name__}: {error}", todo="fetch its config again"
        ) from None
    return ModelFacts(
        model=folder.name,
        pipeline="ChatTTS",
        parts=tuple(build.facts(part) for part in parts.values()),
        phases=tuple(_phases(parts, config, batch, count, attention)),
        height=0,
        width=0,
        frames=0,
        batch=batch,
        dtype=dtype,
        attention=attention,  # type: ignore[arg-type]
        tokens=count,
        traced_with=build.versions(),
    )


def _parts(config: Mapping[str, Any], dtype: str) -> dict[str, Part]:
    import torch
    from transformers import LlamaConfig, LlamaModel

    text = config["gpt"]
    with torch.device("meta"):
        llama: Any = LlamaModel(LlamaConfig(**text, vocab_size=1))
        llama.embed_tokens = torch.nn.Identity()  # tokens come embedded, from the part "embed"
        modules = {
            "gpt": (llama, "generate"),
            "embed": (_embed(config["embed"]), "other"),
            "decoder": (_dvae(config["decoder"]), "decode"),
            "dvae": (_dvae(config["dvae"]["decoder"], config["dvae"]["encoder"], config["dvae"]["vq"]), "other"),
            "vocos": (_vocos(config["vocos"]), "decode"),
        }
    return {
        name: Part(name, build.cast(module, dtype).eval(), config.get(name, {}), role, dtype)  # type: ignore[arg-type]
        for name, (module, role) in modules.items()
    }


def _phases(
    parts: dict[str, Part], config: Mapping[str, Any], batch: int, count: int, attention: str
) -> list[PhaseFacts]:
    """Trace a token with a full cache, spectrogram and wave."""
    import torch
    from transformers import DynamicCache

    gpt, mel, wave = parts["gpt"], parts["decoder"], parts["vocos"]
    text = config["gpt"]
    wide = text["hidden_size"]
    heads, depth = text["num_attention_heads"], text["num_hidden_layers"]

    def token() -> tuple[list[Any], Any]:
        new = torch.empty(1, dtype=getattr(torch, gpt.dtype)).new_empty
        cache = DynamicCache()
        for layer in range(depth):
            keys, values = (new(batch, heads, count - 1, wide // heads) for _ in range(2))
            cache.update(keys, values, layer)
        x, states = new(batch, 1, wide), new(batch, count, wide)
        place = torch.empty(batch, 1, dtype=torch.int64)
        return [cache, x, states], lambda: gpt.module(
            inputs_embeds=x, **with_cache(gpt.module, cache), use_cache=True, position_ids=place
        )

    def columns(part: Part, bins: int) -> phases.Feed:
        def feed() -> tuple[list[Any], Any]:
            x = torch.empty(batch, bins, COLUMNS * count, dtype=getattr(torch, part.dtype))
            return [x], lambda: part.module(x)

        return feed

    return [
        phases.run(gpt, attention, token, "token", per="token").facts,
        phases.run(mel, attention, columns(mel, config["decoder"]["idim"]), "mel").facts,
        phases.run(wave, attention, columns(wave, config["vocos"]["input_channels"]), "wave").facts,
    ]


def _embed(config: Mapping[str, Any]) -> Any:
    """Build tables of tokens, and heads that score them."""
    from torch import nn
    from torch.nn.utils.parametrizations import weight_norm

    wide, text, sound, books = (config[k] for k in ("hidden_size", "num_text_tokens", "num_audio_tokens", "num_vq"))
    module = nn.Module()
    module.emb_text = nn.Embedding(text, wide)
    module.emb_code = nn.ModuleList(nn.Embedding(sound, wide) for _ in range(books))
    module.head_text = weight_norm(nn.Linear(wide, text, bias=False))
    module.head_code = nn.ModuleList(weight_norm(nn.Linear(wide, sound, bias=False)) for _ in range(books))
    return module


def _dvae(
    inner: Mapping[str, Any], encoder: Mapping[str, Any] | None = None, vq: Mapping[str, Any] | None = None
) -> Any:
    """Build a stack between convolutions, perhaps with its encoder."""
    from torch import nn

    width, bins = inner["odim"], 100
    module = nn.Sequential(_stack(inner), nn.Conv1d(width, bins, 3, padding=1, bias=False))
    if encoder is not None and vq is not None:
        module.enter = nn.Sequential(nn.Conv1d(bins, width, 3, padding=1), nn.Conv1d(width, width, 4, 2, 1))
        module.encoder = _stack(encoder)
        codes, groups = len(vq["levels"]), vq["G"]
        share = vq["dim"] // groups
        pairs = [nn.ModuleList([nn.Linear(share, codes), nn.Linear(codes, share)]) for _ in range(groups)]
        module.quantiser = nn.ModuleList(pairs)
    return module


def _stack(config: Mapping[str, Any]) -> Any:
    from torch import nn

    wide, thin = config["hidden"], config["bn_dim"]
    return nn.Sequential(
        nn.Conv1d(config["idim"], thin, 3, padding=1),
        nn.GELU(),
        nn.Conv1d(thin, wide, 3, padding=1),
        *(_block(wide, 4 * wide, dilation=2) for _ in range(config["n_layer"])),
        nn.Conv1d(wide, config["odim"], 1, bias=False),
    )


def _vocos(config: Mapping[str, Any]) -> Any:
    """Build blocks over a spectrogram, and their head."""
    from torch import nn

    wide = config["dim"]

    class Vocoder(nn.Module):
        """Turn (B, bins, T) into (B, n_fft + 2, T)."""

        def __init__(self) -> None:
            super().__init__()
            self.enter = nn.Conv1d(config["input_channels"], wide, 7, padding=3)
            self.first, self.last = nn.LayerNorm(wide), nn.LayerNorm(wide)
            self.blocks = nn.Sequential(
                *(_block(wide, config["intermediate_dim"]) for _ in range(config["num_layers"]))
            )
            self.out = nn.Linear(wide, config["n_fft"] + 2)

        def forward(self, x: Any) -> Any:
            x = self.first(self.enter(x).transpose(1, 2)).transpose(1, 2)
            return self.out(self.last(self.blocks(x).transpose(1, 2))).transpose(1, 2)

    return Vocoder()


def _block(wide: int, inner: int, dilation: int = 1) -> Any:
    """Build a ConvNeXt block over time."""
    import torch
    from torch import nn

    class Block(nn.Module):
        """Keep the shape of x (B, wide, T)."""

        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Conv1d(wide, wide, 7, padding=3 * dilation, dilation=dilation, groups=wide)
            self.norm = nn.LayerNorm(wide)
            self.grow, self.act, self.shrink = nn.Linear(wide, inner), nn.GELU(), nn.Linear(inner, wide)
            self.scale = nn.Parameter(torch.ones(wide))

        def forward(self, x: Any) -> Any:
            y = self.norm(self.mix(x).transpose(1, 2))
            return x + (self.shrink(self.act(self.grow(y))) * self.scale).transpose(1, 2)

    return Block()
