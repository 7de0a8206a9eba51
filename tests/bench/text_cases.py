"""The kit's text generator beside transformers' `generate` and llama.cpp's own loop."""

import time
from copy import copy

from aigc_kit import cards, fetch, text
from tests.bench.runner import Case, Pair

SETTINGS = {"temperature": 0.7, "top_k": 40, "top_p": 0.9}


def _endless(plan):
    """The plan's engine, with no token that ends a text: both sides make the same number of tokens."""
    engine = copy(text.engine(plan))
    engine.eos_ids = frozenset()
    return engine


def _missing(name: str) -> str | None:
    return None if fetch.find(cards.get(name)) else f"{name} is not on disk (aigc fetch {name})"


def _against_generate(name: str, prompt: str, tokens: int, rounds: int) -> Pair | str:
    missing = _missing(name)
    if missing:
        return missing
    import torch

    plan = text.plan_for(prompt, card=name, engine="transformers", max_new_tokens=tokens, **SETTINGS)
    engine = _endless(plan)
    ids = torch.tensor([engine.encode(prompt)])
    config = copy(engine.model.generation_config)
    config.update(do_sample=True, max_new_tokens=tokens, pad_token_id=0, **SETTINGS)
    config.eos_token_id = None

    def kit() -> float:
        began = time.perf_counter()
        take = text.run(plan, using=engine)
        return take.labels["tokens"] / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        with torch.inference_mode():
            out = engine.model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
        engine.decode(out[0, ids.shape[1] :].tolist())
        return (out.shape[1] - ids.shape[1]) / (time.perf_counter() - began)

    note = f"text.run against model.generate + decode, {tokens} tokens, T=0.7 k=40 p=0.9, float32"
    return Pair(kit, bare, "tok/s", rounds, note)


def _against_llama_cpp(name: str, prompt: str, tokens: int, rounds: int) -> Pair | str:
    missing = _missing(name)
    if missing:
        return missing
    plan = text.plan_for(prompt, card=name, engine="llama.cpp", max_new_tokens=tokens, **SETTINGS)
    engine = _endless(plan)
    body = {"prompt": engine.encode(prompt), "n_predict": tokens, "ignore_eos": True, "cache_prompt": True, **SETTINGS}

    def kit() -> float:
        began = time.perf_counter()
        take = text.run(plan, using=engine)
        return take.labels["tokens"] / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        answer = engine.complete(body)
        return answer["usage"]["completion_tokens"] / (time.perf_counter() - began)

    note = (
        f"our sampler on the candidates that top-k needs, token by token, against llama.cpp's own loop, {tokens} tokens"
    )
    return Pair(kit, bare, "tok/s", rounds, note)


CASES = (
    Case("text-poem", lambda: _against_generate("poem", "<五绝>春晓<诗>", 60, 10)),
    Case("text-smollm2", lambda: _against_generate("smollm2-135m", "The future of artificial intelligence", 16, 7)),
    Case("text-llama.cpp", lambda: _against_llama_cpp("smollm2-135m", "The future of artificial intelligence", 30, 5)),
)
