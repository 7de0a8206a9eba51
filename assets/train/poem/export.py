"""Writes the averaged weights of the checkpoint as a LlamaForCausalLM in float16 into ``assets/models/poem``."""

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from . import paths
from .network import Network, Shape, to_transformers
from .vocabulary import ANY_RHYME, END, FORM_TOKENS, PAD, POEM, UNKNOWN, Encoder

LONGEST_ANSWER = 68  # rhyme, 8 lines of 7 characters and their punctuation, end; and two to spare


def as_transformers(network: Network) -> LlamaForCausalLM:
    """The same function as a LlamaForCausalLM, float32."""
    config, state = to_transformers(network)
    ids = Encoder().ids
    special = {"bos_token_id": None, "eos_token_id": ids[END], "pad_token_id": ids[PAD]}
    model = LlamaForCausalLM(LlamaConfig(**config, **special)).eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:  # the head is tied to the embedding
        raise ValueError(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    never = [PAD, UNKNOWN, POEM, *FORM_TOKENS, ANY_RHYME]  # these belong to the prompt
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=0.7,
        top_k=0,
        max_new_tokens=LONGEST_ANSWER,
        suppress_tokens=[ids[token] for token in never],
        eos_token_id=ids[END],
        pad_token_id=ids[PAD],
    )
    return model


def export() -> int:
    """Write config, generation config and weights; returns the number of parameters."""
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["averaged"])
    model = as_transformers(network)
    model.half().save_pretrained(paths.MODEL)
    (paths.MODEL / "model.safetensors").chmod(0o644)  # written readable by the owner alone
    return sum(parameter.numel() for parameter in model.parameters())
