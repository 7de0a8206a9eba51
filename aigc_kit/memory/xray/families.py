"""Shape the inputs of each class of denoisers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from aigc_kit.core.errors import CannotLoad
from aigc_kit.memory.xray.build import Part, Pipeline


@dataclass(frozen=True)
class Shape:
    """Hold the sizes that all inputs follow from.

    Args:
        batch: outputs made together.
        latent: (channels, frames, height, width) of what is denoised.
        tokens: length of the long text encoder's output.
        dtype: torch dtype of the denoiser.
    """

    batch: int
    latent: tuple[int, int, int, int]
    tokens: int
    dtype: Any

    def new(self, *size: int, dtype: Any = None) -> Any:
        """Make a tensor, by default in the denoiser's dtype."""
        import torch

        return torch.empty(*size, dtype=dtype or self.dtype)


@dataclass(frozen=True)
class Family:
    """Describe one family of denoisers.

    Args:
        feed: (part, shape, rows) -> keyword arguments of the denoiser's forward; rows: batch of this call.
        guidance: "batched": one call with twice the batch; "separate": two calls; "embedded": one call.
        tokens: length to which prompts are padded for the long text encoder.
        patch: pixels of a latent that one token covers along a side; sizes must be multiples of it.
        size: (height, width, frames) of a usual run; None: the denoiser's `sample_size`.
        steps: of a usual run.
        masked: whether the pipeline tells the long text encoder which tokens are padding.
    """

    feed: Callable[[Part, Shape, int], dict[str, Any]]
    guidance: Literal["batched", "separate", "embedded"]
    tokens: int = 77
    patch: int = 2
    size: tuple[int, int, int] | None = (1024, 1024, 1)
    steps: int = 50
    masked: bool = True


CHATGLM_TOKENS = 256  # to which Kolors pads its prompts


def tokens(pipeline: Pipeline, family: Family) -> int:
    """Count the embeddings that the denoiser sees."""
    encoders = pipeline.of("text")
    if any(part.cls == "ChatGLMModel" for part in encoders):
        return CHATGLM_TOKENS
    if encoders and all(part.cls.startswith("CLIP") for part in encoders):
        config = encoders[0].config.get("text_config") or encoders[0].config
        return int(config.get("max_position_embeddings", 77))
    return family.tokens


def of(part: Part) -> Family:
    """Find the family of a denoiser, else try its signature."""
    return FAMILIES.get(part.cls) or Family(_by_signature, "batched", tokens=256)


def _unet(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    config, (channels, _, height, width) = part.config, shape.latent
    extra: dict[str, Any] = {}
    if config.get("addition_embed_type") == "text_time":
        ids = 6 if config["projection_class_embeddings_input_dim"] % config["addition_time_embed_dim"] == 0 else 5
        width_of_text = config["projection_class_embeddings_input_dim"] - ids * config["addition_time_embed_dim"]
        extra["added_cond_kwargs"] = {"text_embeds": shape.new(rows, width_of_text), "time_ids": shape.new(rows, ids)}
    context = config.get("encoder_hid_dim") or config.get("cross_attention_dim", 1280)
    return {
        "sample": shape.new(rows, channels, height, width),
        "timestep": _times(),
        "encoder_hidden_states": shape.new(rows, shape.tokens, context if isinstance(context, int) else context[0]),
        **extra,
    }


def _states(shape: Shape, rows: int, size: tuple[int, ...], context: int, **more: Any) -> dict[str, Any]:
    """Make what all transformers take: latents, embeddings and time."""
    states = {"hidden_states": shape.new(rows, *size), "encoder_hidden_states": shape.new(rows, shape.tokens, context)}
    return {**states, **({} if "timestep" in more else {"timestep": _times(rows)}), **more}


def _wan(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    return _states(shape, rows, shape.latent, part.config["text_dim"])


def _flux(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    config, length = part.config, _packed(shape)
    more = {"img_ids": shape.new(length, 3), "txt_ids": shape.new(shape.tokens, 3), "timestep": shape.new(rows)}
    more["pooled_projections"] = shape.new(rows, config["pooled_projection_dim"])
    if config.get("guidance_embeds"):
        more["guidance"] = _float(rows)
    return _states(shape, rows, (length, config["in_channels"]), config["joint_attention_dim"], **more)


def _sd3(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    channels, _, height, width = shape.latent
    both, context = replace(shape, tokens=77 + shape.tokens), part.config["joint_attention_dim"]
    clip_text = shape.new(rows, part.config["pooled_projection_dim"])
    return _states(both, rows, (channels, height, width), context, pooled_projections=clip_text, timestep=_float(rows))


def _qwen_image(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    _, frames, height, width = shape.latent
    size, context = (_packed(shape), part.config["in_channels"]), part.config["joint_attention_dim"]
    shapes = [[(frames, height // 2, width // 2)]] * rows
    return _states(shape, rows, size, context, timestep=shape.new(rows), img_shapes=shapes)


def _cogvideox(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    channels, frames, height, width = shape.latent
    config, rotary = part.config, None
    if config.get("use_rotary_positional_embeddings"):
        rotary = tuple(_float(_packed(shape), config["attention_head_dim"]) for _ in range(2))
    size, context = (frames, channels, height, width), config.get("text_embed_dim", 4096)
    return _states(shape, rows, size, context, image_rotary_emb=rotary)


def _captioned(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    channels, _, height, width = shape.latent
    mask = shape.new(rows, shape.tokens)
    size, context = (channels, height, width), part.config["caption_channels"]
    fed = _states(shape, rows, size, context, encoder_attention_mask=mask)
    if part.cls.startswith("PixArt"):
        fed["added_cond_kwargs"] = {"resolution": None, "aspect_ratio": None}
        if part.config.get("sample_size") == 128 and part.config.get("use_additional_conditions") is not False:
            fed["added_cond_kwargs"] = {"resolution": shape.new(rows, 2), "aspect_ratio": shape.new(rows, 1)}
    return fed


def _ltx(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    _, frames, height, width = shape.latent
    size, context = (frames * height * width, part.config["in_channels"]), part.config["caption_channels"]
    more = {"num_frames": frames, "height": height, "width": width, "rope_interpolation_scale": (8 / 25, 32, 32)}
    return _states(shape, rows, size, context, encoder_attention_mask=shape.new(rows, shape.tokens), **more)


def _by_signature(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
    """Feed what names in forward's signature mean in diffusers."""
    from inspect import Parameter, signature

    channels, frames, height, width = shape.latent
    video = isinstance(part.config.get("patch_size"), (list, tuple)) or frames > 1
    grid = (channels, frames, height, width) if video else (channels, height, width)
    widths = ("cross_attention_dim", "joint_attention_dim", "caption_channels", "text_dim", "text_embed_dim")
    context = next((part.config[key] for key in widths if isinstance(part.config.get(key), int)), None)
    meanings: Mapping[str, Callable[[], Any]] = {
        "sample": lambda: shape.new(rows, *grid),
        "hidden_states": lambda: shape.new(rows, *grid),
        "timestep": lambda: _times(rows),
        "encoder_hidden_states": lambda: shape.new(rows, shape.tokens, context) if context else None,
        "encoder_attention_mask": lambda: shape.new(rows, shape.tokens),
        "pooled_projections": lambda: shape.new(rows, part.config.get("pooled_projection_dim", 768)),
    }
    fed = {}
    for name, parameter in list(signature(part.module.forward).parameters.items()):
        must = parameter.default is Parameter.empty and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
        if name in meanings and (must or name in {"encoder_hidden_states", "timestep"}):
            fed[name] = meanings[name]()
        elif must:
            raise unfed(part, f"its forward also asks for {name!r}")
    return fed


def unfed(part: Part, found: str) -> CannotLoad:
    """Say why a part of unknown inputs cannot be run."""
    return CannotLoad(
        asked=f"to run part {part.name!r} ({part.cls})",
        found=found,
        todo="choose a pipeline of a known family, or add this class to aigc_kit/memory/xray/families.py: "
        + ", ".join(FAMILIES),
    )


def _packed(shape: Shape) -> int:
    _, frames, height, width = shape.latent
    return frames * (height // 2) * (width // 2)


def _times(*size: int) -> Any:
    import torch

    return torch.empty(size, dtype=torch.int64)


def _float(*size: int) -> Any:
    import torch

    return torch.empty(*size, dtype=torch.float32)


FAMILIES: Mapping[str, Family] = {
    "UNet2DConditionModel": Family(_unet, "batched", patch=1, size=None, steps=25),
    "WanTransformer3DModel": Family(_wan, "separate", tokens=512, size=(480, 832, 81)),
    "FluxTransformer2DModel": Family(_flux, "embedded", tokens=512, steps=28, masked=False),
    "SD3Transformer2DModel": Family(_sd3, "batched", tokens=256, steps=28, masked=False),
    "QwenImageTransformer2DModel": Family(_qwen_image, "separate", tokens=128, size=(1328, 1328, 1)),
    "CogVideoXTransformer3DModel": Family(_cogvideox, "batched", tokens=226, size=(480, 720, 49), masked=False),
    "SanaTransformer2DModel": Family(_captioned, "batched", tokens=300, patch=1, steps=20),
    "PixArtTransformer2DModel": Family(_captioned, "batched", tokens=300, steps=20),
    "LTXVideoTransformer3DModel": Family(_ltx, "batched", tokens=128, patch=1, size=(512, 704, 161), masked=False),
}


def denoiser(pipeline: Pipeline) -> Part:
    """Find the part that denoises, the first of two (Wan2.2)."""
    parts = pipeline.of("denoise")
    if not parts:
        raise CannotLoad(
            asked=f"the X-ray of {pipeline.cls}",
            found=f"its parts {sorted(pipeline.parts)} have no unet or transformer",
            todo="choose a text-to-image or text-to-video pipeline",
        )
    return parts[0]
