"""Writes the averaged weights of the checkpoint as a LlamaForCausalLM in float16 into ``assets/models/tinychat``."""

import torch
import torch.nn.functional as F
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from . import paths, state, tokens
from .network import Network, to_transformers

LONGEST_ANSWER = 96  # tokens; a sum in steps has the longest, about 70
CLOSE = 1e-3  # largest difference of logits between the trained network and the exported one, in float32


def as_transformers(network: Network) -> LlamaForCausalLM:
    """The same function as a LlamaForCausalLM, float32."""
    encoder = tokens.Encoder()
    config, weights = to_transformers(network, encoder.size)
    ids = encoder.ids
    special = {"bos_token_id": None, "eos_token_id": ids[tokens.END], "pad_token_id": ids[tokens.PAD]}
    model = LlamaForCausalLM(LlamaConfig(**config, **special)).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:  # the head is tied to the embedding
        raise ValueError(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    never = [tokens.PAD, tokens.UNKNOWN, tokens.USER, tokens.ASSISTANT]  # these belong to the prompt
    model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=LONGEST_ANSWER,
        suppress_tokens=[ids[token] for token in never],
        eos_token_id=ids[tokens.END],
        pad_token_id=ids[tokens.PAD],
    )
    return model


@torch.no_grad()
def difference(network: Network, model: LlamaForCausalLM) -> float:
    """Largest difference of logits on random ids."""
    size = model.config.vocab_size
    ids = torch.randint(5, size, (2, 40), generator=torch.Generator().manual_seed(0))
    mine = F.linear(network.streams(ids)[0], network.embedding.weight[:size])
    return (model(ids).logits - mine).abs().max().item()


def export() -> int:
    """Write tokenizer, config, generation config and weights; returns the number of parameters."""
    tokens.build()
    network = state.averaged(paths.STATE)
    model = as_transformers(network)
    if (found := difference(network, model)) > CLOSE:
        raise ValueError(f"the exported network differs by {found} in its logits")
    model.half().save_pretrained(paths.MODEL)
    (paths.MODEL / "model.safetensors").chmod(0o644)  # written readable by the owner alone
    return sum(parameter.numel() for parameter in model.parameters())
