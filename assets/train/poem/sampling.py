"""Poems sampled from the shipped model through plain transformers, in batches."""

from dataclasses import dataclass

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from aigc_kit.worlds import verse

from . import paths


@dataclass(frozen=True)
class Sample:
    """form: short name; text: prompt and answer as generated; body: the poem alone."""

    form: str
    text: str
    body: str


def load() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The shipped model, computing in float32, and its tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(paths.MODEL, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(paths.MODEL)


@torch.inference_mode()
def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[tuple[str, str]],
    temperature: float,
    seed: int,
    size: int = 60,
) -> list[Sample]:
    """One poem for each (form, prompt): plain sampling at ``temperature``, no top-k and no top-p.

    ``suppress_tokens`` of the shipped generation_config keeps out the tokens that belong to the prompt alone.
    """
    torch.manual_seed(seed)
    found = []
    for first in range(0, len(prompts), size):
        part = prompts[first : first + size]
        batch = tokenizer([prompt for _, prompt in part], return_tensors="pt", padding=True)
        ids = model.generate(
            batch.input_ids, attention_mask=batch.attention_mask, do_sample=True, temperature=temperature, top_k=0
        )
        for (form, _), row in zip(part, ids, strict=True):
            text = tokenizer.decode(row).replace("<pad>", "")
            found.append(Sample(form, text, verse.body_of(text)))
    return found
