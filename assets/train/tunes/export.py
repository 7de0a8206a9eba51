"""Writes the averaged weights of the checkpoint as a LlamaForCausalLM in float16 into ``assets/models/tunes``."""

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from assets.train.poem.network import Network, Shape, to_transformers

from . import paths, vocabulary
from .corpus import LONGEST
from .vocabulary import END, PAD, START, ids


def as_transformers(network: Network) -> LlamaForCausalLM:
    """The same function as a LlamaForCausalLM, float32."""
    config, state = to_transformers(network)
    table = ids()
    special = {"bos_token_id": table[START], "eos_token_id": table[END], "pad_token_id": table[PAD]}
    model = LlamaForCausalLM(LlamaConfig(**config | {"max_position_embeddings": 256}, **special)).eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:  # the head is tied to the embedding
        raise ValueError(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    never = [number for token, number in table.items() if token[0] == "<" and token != END]
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=0.7,
        top_k=0,
        max_new_tokens=LONGEST + 32,
        suppress_tokens=never,
        **special,
    )
    return model


def export() -> int:
    """Write config, generation config, tokenizer and weights; returns the number of parameters."""
    vocabulary.build()
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["averaged"])
    model = as_transformers(network)
    model.half().save_pretrained(paths.MODEL)
    (paths.MODEL / "model.safetensors").chmod(0o644)  # written readable by the owner alone
    return sum(parameter.numel() for parameter in model.parameters())
