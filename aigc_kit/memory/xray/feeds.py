"""List what denoisers are fed, a table per class.

A table names each argument of `forward` and its shape in words: r rows, c f h w the latent's channels, frames, height
and width, n the tokens of a latent packed 2 x 2, p its tokens packed 1 x 1, t the prompt's tokens, a number itself, any
other word an entry of the config. `*` multiplies, `/` divides, `+` adds. After a colon stands the dtype, by default the
denoiser's. `config?` before the shape feeds it only where the config has that entry, `=` gives a number, no tensor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aigc_kit.memory.xray.build import Part


@dataclass(frozen=True)
class Shape:
    """Hold the sizes that all inputs follow from.

    Args:
        batch: outputs made together.
        latent: (channels, frames, height, width) of what is denoised.
        tokens: length of the long text encoder's output.
        dtype: torch dtype of the denoiser.
        index: the pipeline's model_index.json: its class, and options such as `expand_timesteps`.
    """

    batch: int
    latent: tuple[int, int, int, int]
    tokens: int
    dtype: Any
    index: Mapping[str, Any]

    def new(self, *size: int, dtype: Any = None) -> Any:
        """Make a tensor, by default in the denoiser's dtype."""
        import torch

        return torch.empty(*size, dtype=dtype or self.dtype)


Feed = Callable[[Part, Shape, int], dict[str, Any]]


def table(**shapes: Any) -> Feed:
    """Turn a table into a feed.

    Args:
        shapes: argument -> shape in words, or a function of (part, shape, rows).
    """

    def feed(part: Part, shape: Shape, rows: int) -> dict[str, Any]:
        made = {}
        for name, words in shapes.items():
            if not isinstance(words, str):
                made[name] = words(part, shape, rows)
                continue
            condition, mark, rest = words.rpartition("?")
            if not mark or part.config.get(condition):
                made[name] = _value(rest, part.config, shape, rows)
        return made

    return feed


def _value(words: str, config: Mapping[str, Any], shape: Shape, rows: int) -> Any:
    import torch

    if words.startswith("="):
        return _count(words[1:], config, shape, rows)
    words, _, dtype = words.partition(":")
    return shape.new(
        *(_count(word, config, shape, rows) for word in words.split()), dtype=getattr(torch, dtype) if dtype else None
    )


def _count(word: str, config: Mapping[str, Any], shape: Shape, rows: int) -> int:
    for mark, join in (("+", int.__add__), ("/", int.__floordiv__), ("*", int.__mul__)):
        left, found, right = word.partition(mark)
        if found:
            return join(_count(left, config, shape, rows), _count(right, config, shape, rows))
    channels, frames, height, width = shape.latent
    letters = {
        "r": rows, "c": channels, "f": frames, "h": height, "w": width, "t": shape.tokens,
        "n": frames * (height // 2) * (width // 2), "p": frames * height * width,
    }  # fmt: skip
    if word.isdigit():
        return int(word)
    return letters[word] if word in letters else int(config[word])


def _expanded(part: Part, shape: Shape, rows: int) -> Any:
    """Make Wan's time: one number, or one per token."""
    words = "r n:float32" if shape.index.get("expand_timesteps") else "r:int64"
    return _value(words, part.config, shape, rows)


def _rotary(part: Part, shape: Shape, rows: int) -> Any:
    """Make the rotary tables that CogVideoX is given."""
    _, frames, height, width = shape.latent
    if not part.config.get("use_rotary_positional_embeddings"):
        return None
    size = part.config.get("patch_size", 2)
    tokens = padded(part, frames) // (part.config.get("patch_size_t") or 1) * (height // size) * (width // size)
    return tuple(_value(f"{tokens} attention_head_dim:float32", part.config, shape, rows) for _ in range(2))


def padded(part: Part, frames: int) -> int:
    """Round latent frames up to the denoiser's step."""
    step = part.config.get("patch_size_t") or 1 if part.cls.startswith("CogVideoX") else 1
    return -(-frames // step) * step


def _video(part: Part, shape: Shape, rows: int) -> Any:
    """Make CogVideoX's latents: frames come before channels."""
    _, frames, height, width = shape.latent
    return shape.new(rows, padded(part, frames), part.config["in_channels"], height, width)


def _faces(part: Part, shape: Shape, rows: int) -> Any:
    return [shape.new(rows, 577, 1024) for _ in range(5)] if part.config.get("is_train_face") else None


def _rows_of(words: str) -> Callable[[Part, Shape, int], Any]:
    """Make a list with one tensor for each row."""
    return lambda part, shape, rows: [_value(words, part.config, shape, rows) for _ in range(rows)]


def _scales(part: Part, shape: Shape, rows: int) -> Any:
    return shape.new(len(part.config["vace_layers"]))


def _edited(part: Part, shape: Shape, rows: int) -> Any:
    """Give the sizes of the new and the old picture."""
    _, frames, height, width = shape.latent
    return [[(frames, height // 2, width // 2)] * 2] * rows


def _pair(words: str) -> Callable[[Part, Shape, int], Any]:
    return lambda part, shape, rows: tuple(_value(words, part.config, shape, rows) for _ in range(2))


def _axes(part: Part, shape: Shape, rows: int) -> Any:
    """Make Allegro's positions: frequencies and places of three axes."""
    import torch

    _, frames, height, width = shape.latent
    third, size = part.config["attention_head_dim"] // 3, part.config["patch_size"]
    sides = (frames // part.config["patch_size_t"], height // size, width // size)
    tables = tuple(_pair_of(shape, side, third) for side in sides)
    tokens = sides[0] * sides[1] * sides[2]
    return tables, tuple(torch.empty(1, tokens, dtype=torch.int64) for _ in range(3))


def _pair_of(shape: Shape, side: int, third: int) -> Any:
    import torch

    return tuple(shape.new(side, third, dtype=torch.float32) for _ in range(2))


def _heard(shape: Shape) -> int:
    """Count LTX-2's latents of sound: 25 a second."""
    return round(((shape.latent[1] - 1) * 8 + 1) / 24 * 25)


def _sound(part: Part, shape: Shape, rows: int) -> Any:
    return shape.new(rows, _heard(shape), part.config["audio_in_channels"])


_TEXT = {"encoder_hidden_states": "r t text_embed_dim", "timestep": "r:int64"}
_GRID = {"hidden_states": "r c f h w"}
_WAN = {
    "hidden_states": "r in_channels f h w", "timestep": _expanded, "encoder_hidden_states": "r t text_dim",
    "encoder_hidden_states_image": "image_dim?r 257 image_dim",
}  # fmt: skip
_COGVIDEOX = {"hidden_states": _video, **_TEXT, "image_rotary_emb": _rotary}

FEEDS: Mapping[str, Feed] = {
    "HunyuanVideoTransformer3DModel": table(
        **_GRID, **_TEXT, encoder_attention_mask="r t:int64", pooled_projections="r pooled_projection_dim",
        guidance="guidance_embeds?r",
    ),
    "HunyuanVideo15Transformer3DModel": table(
        hidden_states="r in_channels f h w", **_TEXT, encoder_attention_mask="r t:int64",
        encoder_hidden_states_2="r 256 text_embed_2_dim", encoder_attention_mask_2="r 256:int64",
        image_embeds="r 729 image_embed_dim",
    ),
    "Flux2Transformer2DModel": table(
        hidden_states="r n in_channels", encoder_hidden_states="r t joint_attention_dim", timestep="r",
        img_ids="r n 4", txt_ids="r t 4", guidance="guidance_embeds?r",
    ),
    "ChromaTransformer2DModel": table(
        hidden_states="r n in_channels", encoder_hidden_states="r t joint_attention_dim", timestep="r",
        img_ids="n 3", txt_ids="t 3", attention_mask="r t+n",
    ),
    "ZImageTransformer2DModel": table(x=_rows_of("c 1 h w"), t="r", cap_feats=_rows_of("t cap_feat_dim")),
    "CogVideoXTransformer3DModel": table(**_COGVIDEOX),
    "ConsisIDTransformer3DModel": table(**_COGVIDEOX, id_cond="is_train_face?r 1280", id_vit_hidden=_faces),
    "WanTransformer3DModel": table(**_WAN),
    "SkyReelsV2Transformer3DModel": table(**{**_WAN, "timestep": "r:int64"}),
    "WanVACETransformer3DModel": table(
        **{**_WAN, "timestep": "r:int64"}, control_hidden_states="r vace_in_channels f h w",
        control_hidden_states_scale=_scales,
    ),
    "MochiTransformer3DModel": table(**_GRID, **_TEXT, encoder_attention_mask="r t:bool"),
    "SanaVideoTransformer3DModel": table(
        **_GRID, encoder_hidden_states="r t caption_channels", encoder_attention_mask="r t:int64", timestep="r:int64"
    ),
    "Lumina2Transformer2DModel": table(
        hidden_states="r c h w", encoder_hidden_states="r t cap_feat_dim", encoder_attention_mask="r t:int64",
        timestep="r",
    ),
    "AuraFlowTransformer2DModel": table(
        hidden_states="r c h w", encoder_hidden_states="r t joint_attention_dim", timestep="r"
    ),
    "CogView4Transformer2DModel": table(
        hidden_states="r c h w", **_TEXT, original_size="r 2", target_size="r 2", crop_coords="r 2"
    ),
    "HunyuanDiT2DModel": table(
        hidden_states="r c h w", timestep="r", encoder_hidden_states="r 77 cross_attention_dim",
        text_embedding_mask="r 77:int64", encoder_hidden_states_t5="r 256 cross_attention_dim_t5",
        text_embedding_mask_t5="r 256:int64", image_meta_size="r 6", style="r:int64",
        image_rotary_emb=_pair("n attention_head_dim:float32"),
    ),
    "HiDreamImageTransformer2DModel": table(
        hidden_states="r c h w", timesteps="r:int64", encoder_hidden_states_t5="r t 4096",
        encoder_hidden_states_llama3=lambda part, shape, rows: shape.new(32, rows, shape.tokens, 4096),
        pooled_embeds="r text_emb_dim",
    ),
    "LatteTransformer3DModel": table(
        **_GRID, encoder_hidden_states="r t caption_channels", timestep="r:int64", enable_temporal_attentions="=1"
    ),
    "StableCascadeUNet": table(
        sample="r in_channels h*3/16 w*3/16", timestep_ratio="r", clip_text_pooled="r 1 clip_text_pooled_in_channels",
        clip_text="r 77 clip_text_in_channels", clip_img="r 1 clip_image_in_channels",
    ),
    "CosmosTransformer3DModel": table(
        **_GRID, encoder_hidden_states="r t text_embed_dim", timestep="r", fps="=30", padding_mask="1 1 h*8 w*8"
    ),
    "AllegroTransformer3DModel": table(
        **_GRID, encoder_hidden_states="r t caption_channels", encoder_attention_mask="r t:int64", timestep="r:int64",
        image_rotary_emb=_axes,
    ),
    "UNetMotionModel": table(
        sample="r c f h w", timestep="1:int64", encoder_hidden_states="r*f t cross_attention_dim"
    ),
    "UNetSpatioTemporalConditionModel": table(
        sample="r f in_channels h w", timestep="1:int64", encoder_hidden_states="r 1 cross_attention_dim",
        added_time_ids="r 3",
    ),
    "LTX2VideoTransformer3DModel": table(
        hidden_states="r p in_channels", audio_hidden_states=_sound,
        encoder_hidden_states="r t caption_channels", audio_encoder_hidden_states="r t caption_channels",
        timestep="r:int64", encoder_attention_mask="r t:int64", audio_encoder_attention_mask="r t:int64",
        num_frames="=f", height="=h", width="=w", audio_num_frames=lambda part, shape, rows: _heard(shape),
    ),
}  # fmt: skip

EDITED = table(
    hidden_states="r n+n in_channels", encoder_hidden_states="r t joint_attention_dim", timestep="r", img_shapes=_edited
)
