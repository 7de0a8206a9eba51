"""Write what each model computes, with what a page shows.

The libraries' own modules do the work; attention is written out where its weights are shown. Nothing is loaded here.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any


def text_of_picture(modules: Sequence[Any], first: Any, second: Any) -> tuple[Any, Any]:
    """Read token ids (1, 77) with both encoders of SDXL.

    Returns:
        states float (1, 77, 64 + 128) of each encoder's last layer but one, pooled (1, 128).

    Source: diffusers 0.42.1, StableDiffusionXLPipeline.encode_prompt.
    """
    small, large = (
        module(ids, output_hidden_states=True) for module, ids in zip(modules, (first, second), strict=True)
    )
    import torch

    return torch.cat([small.hidden_states[-2], large.hidden_states[-2]], -1), large.text_embeds


class Looks:
    """Attend as the library does, and keep the weights.

    A processor for every attention of a U-Net; `seen` holds those over the prompt: float (B, heads, places, tokens).
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, attn: Any, hidden_states: Any, encoder_hidden_states: Any = None, **_: Any) -> Any:
        """Give what attention adds, float (B, places, width)."""
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states

        def heads(rows: Any) -> Any:
            return rows.view(rows.shape[0], rows.shape[1], attn.heads, -1).transpose(1, 2)

        query, key, value = heads(attn.to_q(hidden_states)), heads(attn.to_k(context)), heads(attn.to_v(context))
        weights = (query @ key.transpose(-1, -2) * attn.scale).softmax(-1)
        if encoder_hidden_states is not None:
            self.seen.append(weights)
        rows = (weights @ value).transpose(1, 2).reshape(hidden_states.shape[0], hidden_states.shape[1], -1)
        return attn.to_out[0](rows) / attn.rescale_output_factor


def noise_of_picture(looks: Looks) -> Callable[..., Any]:
    """Make the U-Net's step, with its looks at the words.

    The step: (x (2, 16, 16, 16), time (), states (2, 77, 192), pooled (2, 128), sizes (2, 6)) -> prediction like x, and
    attention float (2, 64, 77): mean over all layers and heads, those of a coarser grid spread over 8 x 8.
    """

    def step(modules: Sequence[Any], x: Any, time: Any, states: Any, pooled: Any, sizes: Any) -> tuple[Any, Any]:
        import torch

        looks.seen.clear()
        more = {"text_embeds": pooled, "time_ids": sizes}
        guess = modules[0](x, time, encoder_hidden_states=states, added_cond_kwargs=more, return_dict=False)[0]
        side = math.isqrt(max(weights.shape[2] for weights in looks.seen))
        maps = torch.cat([_spread(weights, side) for weights in looks.seen], 1)
        return guess, maps.mean(1)

    return step


def _spread(weights: Any, side: int) -> Any:
    """Repeat cells of a square grid on a finer one."""
    batch, heads, places, tokens = weights.shape
    own = math.isqrt(places)
    cells = weights.reshape(batch, heads, own, own, tokens)
    for axis in (2, 3):
        cells = cells.repeat_interleave(side // own, axis)
    return cells.reshape(batch, heads, side * side, tokens)


def pixels_of_picture(modules: Sequence[Any], latents: Any) -> Any:
    """Decode a picture's latents.

    float (1, 16, 16, 16) -> (1, 3, 128, 128) in [0, 1]."""
    vae = modules[0]
    picture = vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]
    return (picture / 2 + 0.5).clamp(0, 1)


def text_of_clip(modules: Sequence[Any], ids: Any, mask: Any) -> Any:
    """Read a clip's token ids (1, n), as states."""
    return modules[0](ids, mask).last_hidden_state


def velocity_of_clip(modules: Sequence[Any], x: Any, time: Any, states: Any) -> Any:
    """Predict the velocity of latents (1, 32, 5, 8, 8)."""
    return modules[0](hidden_states=x, timestep=time, encoder_hidden_states=states, return_dict=False)[0]


def frames_of_clip(modules: Sequence[Any], latents: Any) -> Any:
    """Decode a clip's latents.

    float (1, 32, 5, 8, 8) -> (1, 3, 17, 64, 64) in [0, 1].

    Source: diffusers 0.42.1, WanPipeline.__call__ after its loop.
    """
    import torch

    vae = modules[0]
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1, 1) for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    return (vae.decode(latents * std + mean, return_dict=False)[0] / 2 + 0.5).clamp(0, 1)


def next_token(modules: Sequence[Any], token: Any, place: Any, keys: Any, values: Any) -> tuple[Any, ...]:
    """Score what follows one token of a Llama.

    Args:
        modules: the model (LlamaForCausalLM).
        token, place: int64 (1, 1), and where it stands.
        keys, values: float (layers, heads, room, width) of the tokens before; what stands at `place` or later counts
            for nothing.

    Returns:
        scores (1, V), attention (layers, heads, room), and this token's keys and values (layers, heads, width).

    Source: transformers 5.23, LlamaModel.
    """
    import torch
    from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

    model = modules[0].model
    x = model.embed_tokens(token)
    turns = model.rotary_emb(x, place)
    slots = torch.arange(keys.shape[2])
    here, later = slots == place[0, 0], slots > place[0, 0]
    looks, new_keys, new_values = [], [], []
    for index, layer in enumerate(model.layers):
        attention, rows = layer.self_attn, layer.input_layernorm(x)
        width = attention.head_dim
        query, key, value = (
            part(rows).view(1, 1, -1, width).transpose(1, 2)
            for part in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        query, key = apply_rotary_pos_emb(query, key, *turns)
        every_key = torch.where(here[:, None], key[0], keys[index])
        every_value = torch.where(here[:, None], value[0], values[index])
        scores = (query[0] @ every_key.transpose(1, 2) * attention.scaling).masked_fill(later, -1e9)
        weights = scores.softmax(-1)
        rows = (weights @ every_value).transpose(0, 1).reshape(1, 1, -1)
        x = x + attention.o_proj(rows)
        x = x + layer.mlp(layer.post_attention_layernorm(x))
        looks.append(weights[:, 0])
        new_keys.append(key[0, :, 0])
        new_values.append(value[0, :, 0])
    scores = modules[0].lm_head(model.norm(x))[0]
    return scores, torch.stack(looks), torch.stack(new_keys), torch.stack(new_values)
