"""Puts the shipped weights back into a training state, so that a training can go on from them.

The optimisers and the probe start anew: their first hundred steps are a warm-up.
"""

import json

import torch
from safetensors.torch import load_file
from torch import Tensor

from . import paths, state, tokens, train
from .network import Network, shape


def fused(weights: dict[str, Tensor], network: Network) -> dict[str, Tensor]:
    """The exported weights under the names of the trained network; what is not exported stays as it is."""
    own = network.state_dict()
    table = weights["model.embed_tokens.weight"]
    own["embedding.weight"][: len(table)] = table
    own["norm"] = weights["model.norm.weight"]
    for number in range(len(network.blocks)):
        a, b = f"blocks.{number}.", f"model.layers.{number}."
        own[f"{a}qkv.weight"] = torch.cat([weights[f"{b}self_attn.{n}_proj.weight"] for n in "qkv"])
        own[f"{a}gate_up.weight"] = torch.cat([weights[f"{b}mlp.{n}_proj.weight"] for n in ("gate", "up")])
        own[f"{a}out.weight"] = weights[f"{b}self_attn.o_proj.weight"]
        own[f"{a}down.weight"] = weights[f"{b}mlp.down_proj.weight"]
        own[f"{a}norm_attention"] = weights[f"{b}input_layernorm.weight"]
        own[f"{a}norm_mlp"] = weights[f"{b}post_attention_layernorm.weight"]
    return own


def restore(seconds: float = 0.0) -> train.Run:
    """Write the state, ``seconds`` of training behind it. Raises FileExistsError where there is one already."""
    if paths.STATE.exists():
        raise FileExistsError(f"{paths.STATE} is there already; remove it to start from the shipped weights")
    config = json.loads((paths.MODEL / "config.json").read_text("utf-8"))
    size = shape(tokens.Encoder().size, config["hidden_size"], config["num_hidden_layers"], config["intermediate_size"])
    run = train.Run(size, train.Settings())
    weights = {name: tensor.float() for name, tensor in load_file(paths.MODEL / "model.safetensors").items()}
    run.network.load_state_dict(fused(weights, run.network))
    run.averaged.load_state_dict(run.network.state_dict())
    run.seconds = seconds
    state.save(paths.STATE, run)
    return run
