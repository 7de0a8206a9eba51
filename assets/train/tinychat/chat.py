"""The exported model as whoever uses it loads it: AutoTokenizer, AutoModelForCausalLM, the chat template."""

from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from . import paths

BATCH = 32


class Chat:
    """Greedy answers to prompts, in batches of like length."""

    def __init__(self, folder: Path = paths.MODEL, model: LlamaForCausalLM | None = None) -> None:
        """model: another one for the folder's tokenizer; None for the folder's."""
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = model or AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model.eval()

    def encode(self, prompts: list[str]):
        """Prompts as padded ids, with the turn of the assistant opened."""
        turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
        texts = [self.tokenizer.apply_chat_template(t, tokenize=False, add_generation_prompt=True) for t in turns]
        return self.tokenizer(texts, return_tensors="pt", padding=True, return_token_type_ids=False)

    @torch.no_grad()
    def ask(self, prompts: list[str], tokens: int = 96, **how) -> list[str]:
        """Answers in the order of the prompts; how: what else ``generate`` takes."""
        answers = [""] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda k: len(prompts[k]))
        for start in range(0, len(order), BATCH):
            chunk = order[start : start + BATCH]
            coded = self.encode([prompts[k] for k in chunk])
            ids = self.model.generate(**coded, max_new_tokens=tokens, **how)[:, coded.input_ids.shape[1] :]
            for k, text in zip(chunk, self.tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True):
                answers[k] = text
        return answers

    @torch.no_grad()
    def label_logits(self, prompts: list[str], labels: list[str]) -> Tensor:
        """Logits of the labels' first tokens as the next token: float32 (prompts, labels)."""
        ids = [self.tokenizer(label, add_special_tokens=False).input_ids[0] for label in labels]
        return self.model(**self.encode(prompts), logits_to_keep=1).logits[:, -1, ids]
