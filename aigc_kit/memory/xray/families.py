"""Shape the inputs of each class of denoisers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aigc_kit.core.errors import CannotLoad
from aigc_kit.memory.xray.build import Part, Pipeline
from aigc_kit.memory.xray.feeds import EDITED, FEEDS, Feed, Shape


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
        pipelines: classes whose whole run this describes; of any other class inputs may be missing.
        lengths: class of a text encoder -> tokens that it reads, where these are not `tokens`.
        chunk: frames that the decoder makes at a time, as a batch of pictures; 0: a decoder of videos, or one picture.
        ahead: whether the first frame has a latent of its own, so that frames are k * time + 1.
    """

    feed: Feed
    guidance: Literal["batched", "separate", "embedded"]
    tokens: int = 77
    patch: int = 2
    size: tuple[int, int, int] | None = (1024, 1024, 1)
    steps: int = 50
    masked: bool = True
    pipelines: tuple[str, ...] = ()
    lengths: Mapping[str, int] = field(default_factory=dict)
    chunk: int = 0
    ahead: bool = True


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


def of(pipeline: Pipeline) -> Family:
    """Find a denoiser's family, else try its signature."""
    part = denoiser(pipeline)
    family = FAMILIES.get(part.cls) or Family(_by_signature, "batched", tokens=256)
    if pipeline.cls in _EDITS:
        family = replace(family, feed=EDITED)
    if part.cls == "Flux2Transformer2DModel" and pipeline.cls == "Flux2KleinPipeline":
        family = replace(family, guidance="embedded" if pipeline.index.get("is_distilled") else "separate", steps=4)
    if pipeline.index.get("expand_timesteps"):
        family = replace(family, size=(704, 1280, 121))
    return family


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
        todo="choose a pipeline of a known family (docs/XRAY.md lists them), or look whether its configs are whole",
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


_EDITS = ("QwenImageEditPipeline",)
_SD = (
    "StableDiffusionPipeline", "StableDiffusionXLPipeline", "KolorsPipeline", "LatentConsistencyModelPipeline",
    "LDMTextToImagePipeline", "AltDiffusionPipeline", "StableDiffusionPipelineSafe",
)  # fmt: skip
_CLIP_LONG = {"CLIPTextModelWithProjection": 77, "LlamaForCausalLM": 128, "T5EncoderModel": 128}
_480P, _720P, _COG = (480, 832, 81), (720, 1280, 129), (480, 720, 49)


def _known(cls: str, guidance: Any, *pipelines: str, **more: Any) -> Family:
    return Family(FEEDS[cls], guidance, pipelines=tuple(f"{name}Pipeline" for name in pipelines), **more)


FAMILIES: Mapping[str, Family] = {
    "UNet2DConditionModel": Family(_unet, "batched", patch=1, size=None, steps=25, pipelines=_SD),
    "FluxTransformer2DModel": Family(
        _flux, "embedded", tokens=512, steps=28, masked=False, pipelines=("FluxPipeline",)
    ),
    "SD3Transformer2DModel": Family(
        _sd3, "batched", tokens=256, steps=28, masked=False, pipelines=("StableDiffusion3Pipeline",)
    ),
    "QwenImageTransformer2DModel": Family(
        _qwen_image, "separate", tokens=128, size=(1328, 1328, 1), pipelines=("QwenImagePipeline",)
    ),
    "SanaTransformer2DModel": Family(_captioned, "batched", tokens=300, patch=1, steps=20, pipelines=("SanaPipeline",)),
    "PixArtTransformer2DModel": Family(
        _captioned, "batched", tokens=300, steps=20, pipelines=("PixArtAlphaPipeline", "PixArtSigmaPipeline")
    ),
    "LTXVideoTransformer3DModel": Family(
        _ltx, "batched", tokens=128, patch=1, size=(512, 704, 161), masked=False, pipelines=("LTXPipeline",)
    ),
    **{
        cls: _known(cls, guidance, *pipelines, **more)
        for cls, guidance, pipelines, more in (
            ("WanTransformer3DModel", "separate", ("Wan", "WanImageToVideo"), {"tokens": 512, "size": _480P}),
            ("WanVACETransformer3DModel", "separate", ("WanVACE",), {"tokens": 512, "size": _480P}),
            ("SkyReelsV2Transformer3DModel", "separate", ("SkyReelsV2",), {"tokens": 512, "size": (544, 960, 97)}),
            (
                "CogVideoXTransformer3DModel", "batched", ("CogVideoX", "CogVideoXImageToVideo"),
                {"tokens": 226, "size": _COG, "masked": False},
            ),
            ("ConsisIDTransformer3DModel", "batched", (), {"tokens": 226, "size": _COG, "masked": False}),
            (
                "HunyuanVideoTransformer3DModel", "embedded", ("HunyuanVideo",),
                {"tokens": 256, "size": _720P, "lengths": {"LlamaModel": 351}},
            ),
            (
                "HunyuanVideo15Transformer3DModel", "separate", ("HunyuanVideo15",),
                {"tokens": 1000, "size": (480, 832, 121), "patch": 1, "lengths": {"T5EncoderModel": 256}},
            ),
            ("Flux2Transformer2DModel", "embedded", ("Flux2", "Flux2Klein"), {"tokens": 512, "steps": 50}),
            ("ChromaTransformer2DModel", "separate", ("Chroma",), {"tokens": 512, "steps": 35}),
            ("ZImageTransformer2DModel", "embedded", ("ZImage",), {"tokens": 512, "steps": 9}),
            ("MochiTransformer3DModel", "batched", ("Mochi",), {"tokens": 256, "size": (480, 848, 85), "steps": 64}),
            ("SanaVideoTransformer3DModel", "batched", ("SanaVideo",), {"tokens": 300, "size": _480P}),
            ("Lumina2Transformer2DModel", "separate", ("Lumina2",), {"tokens": 256, "steps": 30}),
            ("AuraFlowTransformer2DModel", "batched", ("AuraFlow",), {"tokens": 256}),
            ("CogView4Transformer2DModel", "separate", ("CogView4",), {"tokens": 224}),
            (
                "HunyuanDiT2DModel", "batched", ("HunyuanDiT",),
                {"tokens": 256, "lengths": {"BertModel": 77}},
            ),
            ("HiDreamImageTransformer2DModel", "batched", (), {"tokens": 128, "lengths": _CLIP_LONG}),
            ("LatteTransformer3DModel", "batched", ("Latte",), {"tokens": 120, "size": (512, 512, 16), "chunk": 14}),
            ("StableCascadeUNet", "batched", ("StableCascadePrior",), {"tokens": 77, "steps": 20, "patch": 16}),
            ("CosmosTransformer3DModel", "separate", ("CosmosTextToWorld",), {"tokens": 512, "size": (704, 1280, 121)}),
            (
                "AllegroTransformer3DModel", "batched", ("Allegro",),
                {"tokens": 512, "size": (720, 1280, 88), "ahead": False},
            ),
            (
                "UNetMotionModel", "batched", ("AnimateDiff", "AnimateDiffSDXL"),
                {"patch": 1, "size": (512, 512, 16), "chunk": 16},
            ),
            (
                "UNetSpatioTemporalConditionModel", "batched", ("StableVideoDiffusion",),
                {"tokens": 1, "patch": 1, "size": (576, 1024, 25), "steps": 25, "chunk": 25},
            ),
            (
                "LTX2VideoTransformer3DModel", "batched", (),
                {"tokens": 1024, "patch": 1, "size": (512, 768, 121), "steps": 40},
            ),
        )
    },
}  # fmt: skip


# pipelines that encode a picture or a clip before they denoise, whose denoiser is fed with it
ENCODED = {
    "WanImageToVideoPipeline": "clip",
    "WanVACEPipeline": "clip",
    "CogVideoXImageToVideoPipeline": "picture",
    "ConsisIDPipeline": "picture",
    "QwenImageEditPipeline": "picture",
    "StableVideoDiffusionPipeline": "picture",
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
