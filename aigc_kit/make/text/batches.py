"""Ask a model of transformers about many prompts at once.

engine = text.engine(text.plan_for("我想退款", card="tinychat"))
text.classify(engine, prompts, ["退款", "物流"])   # the likeliest label for each prompt
text.answers(engine, prompts)                      # what it would say, greedily

What all prompts begin with is read once: its keys and values serve every row; rows of like length are read
together, padded on the right, where causal attention never looks; chunks run side by side, one thread each.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_text
from aigc_kit.make.text.engines.base import Engine, check_prompt
from aigc_kit.models.compat import with_cache

if TYPE_CHECKING:
    from torch import Tensor

    from aigc_kit.make.text.engines.hf import TransformersEngine

BATCH = 16  # rows of a chunk: more fit the caches of a processor worse
LONGEST = 96  # new tokens of an answer
Rows = Sequence[Sequence[int]]  # token ids
Shared = list[tuple[Any, Any]]  # keys and values of a layer, (1, heads, time, head) each


class Mask(Protocol):
    """Tell which tokens may come next in one text."""

    def allowed(self) -> np.ndarray:
        """Give bool (V,): tokens that may come now."""

    def append(self, token: int) -> None:
        """Add the token that was written."""


def answers(engine: Engine, prompts: Sequence[str], max_new_tokens: int = LONGEST) -> list[str]:
    """Give the greedy answer to each prompt, in their order.

    They are those of `make(prompt, temperature=0)`, up to the last bits of the logits.

    Args:
        engine: of a model of transformers. A model with a chat template is asked as a chat, another continues.
        prompts: any number of them.
        max_new_tokens: >= 1; an answer is cut there, or where the context is full.

    Raises:
        BadInput: another engine, a prompt that does not fit the context, or no new token.
    """
    if isinstance(max_new_tokens, bool) or not isinstance(max_new_tokens, int) or max_new_tokens < 1:
        raise BadInput(
            asked=f"max_new_tokens={max_new_tokens!r}",
            found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
            todo=Words("choose 1 or more", "改成 1 或更大"),
        )
    return [engine.decode(ids) for ids in continuations(engine, _rows(engine, prompts), max_new_tokens)]


def continuations(engine: Engine, rows: Rows, limit: int, masks: Sequence[Mask] = ()) -> list[list[int]]:
    """Continue rows of token ids greedily, as `answers` does.

    Args:
        masks: one for each row, which takes away what may not come next; none leaves every token.

    Returns:
        The new tokens of each, at most `limit`, without the one that ends it.
    """

    def write(chunk: Rows, shared: Shared, numbers: Sequence[int]) -> list[list[int]]:
        return _written(engine, chunk, shared, limit, [masks[number] for number in numbers] if masks else [])

    return _in_chunks(engine, rows, write)


def label_scores(engine: Engine, prompts: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Score each label as the beginning of each answer.

    Args:
        engine, prompts: as in `answers`.
        labels: one or more, none empty, none twice.

    Returns:
        float32 (prompts, labels): natural log-probabilities of all tokens of the label, one after another.

    Raises:
        BadInput: as `answers`, or labels that cannot be told apart.
    """
    words = [_label_ids(engine, label) for label in labels]
    if not words or len(set(words)) < len(words):
        raise BadInput(
            asked=Words(f"scores of the labels {list(labels)}", f"给标签 {list(labels)} 打分"),
            found=Words("two labels with the same tokens", "有两个标签的词元相同")
            if words
            else Words("no label", "没有标签"),
            todo=Words("give labels that differ, each once", "给出各不相同的标签，每个一次"),
        )
    return row_scores(engine, _rows(engine, prompts), words)


def row_scores(engine: Engine, rows: Rows, ends: Sequence[Sequence[int]]) -> np.ndarray:
    """Score what may come behind rows of token ids.

    Args:
        ends: token ids, one or more each.

    Returns:
        float32 (rows, ends): the sums of the log-probabilities of the ends' tokens.
    """
    words = [tuple(end) for end in ends]
    scores = np.zeros((len(rows), len(words)), dtype=np.float32)
    for head in dict.fromkeys(ids[:length] for ids in words for length in range(len(ids))):
        columns = [k for k, ids in enumerate(words) if len(ids) > len(head) and ids[: len(head)] == head]
        nexts = [words[k][len(head)] for k in columns]

        def told(chunk: Rows, shared: Shared, _: Sequence[int], nexts: list[int] = nexts) -> np.ndarray:
            return _last_logits(engine, chunk, shared).log_softmax(-1)[:, nexts].float().cpu().numpy()

        longer = [[*row, *head] for row in rows]
        scores[:, columns] += np.array(_in_chunks(engine, longer, told), dtype=np.float32).reshape(
            len(rows), len(nexts)
        )
    return scores


def classify(engine: Engine, prompts: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Name the likeliest label for each prompt, by `label_scores`."""
    return [labels[best] for best in label_scores(engine, prompts, labels).argmax(axis=1)]


def _able(engine: Any) -> "TransformersEngine":
    kind = getattr(engine, "kind", type(engine).__name__)
    if kind != "transformers":
        raise BadInput(
            asked=Words("many prompts at once", "一次给很多提示词"),
            found=Words(f"an engine of {kind}, which reads one at a time", f"{kind} 引擎一次只读一个"),
            todo=Words(
                "say engine='transformers' in text.plan_for, or ask for each by text.make",
                "在 text.plan_for 里写 engine='transformers'，或用 text.make 一个一个地问",
            ),
        )
    return engine


def _rows(engine: Engine, prompts: Sequence[str]) -> Rows:
    chat = bool(_able(engine).tokenizer.chat_template)
    rows: list[list[int]] = []
    for number, prompt in enumerate(prompts):
        check_text(f"prompts[{number}]", prompt)
        ids = engine.chat([{"role": "user", "content": prompt}]) if chat else engine.encode(prompt)
        try:
            check_prompt(ids, engine.vocab_size, engine.context)
        except BadInput as problem:
            asked = Words(f"prompts[{number}], ", f"prompts[{number}]，") + problem.told.asked
            raise BadInput(asked=asked, found=problem.told.found, todo=problem.told.todo) from None
        rows.append(ids)
    return rows


def _label_ids(engine: Engine, label: str) -> tuple[int, ...]:
    check_text("label", label)
    ids = tuple(_able(engine).tokenizer(label, add_special_tokens=False).input_ids)
    if not ids:
        raise BadInput(
            asked=Words(f"the score of the label {label!r}", f"标签 {label!r} 的分数"),
            found=Words("no token", "没有词元"),
            todo=Words("give at least one character", "至少给一个字"),
        )
    return ids


def _in_chunks(engine: Any, rows: Rows, work: Callable[[Rows, Shared, Sequence[int]], Iterable[Any]]) -> list[Any]:
    """Work on chunks of like length, side by side.

    work: (what follows the shared beginning, its keys and values a layer, the rows' numbers) -> one result a row.
    Results come back in the order of the rows.
    """
    import torch

    from aigc_kit.memory.device import threads

    common = _common(rows)
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    chunks = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    on_cpu, before = engine.device == "cpu", torch.get_num_threads()

    def alone(chunk: Sequence[int], shared: Shared) -> Iterable[Any]:
        if on_cpu:
            torch.set_num_threads(1)
        with torch.inference_mode():
            return work([rows[k][common:] for k in chunk], shared, chunk)

    results: dict[int, Any] = {}
    try:
        shared = _beginning(engine, rows[0][:common]) if common else []
        with ThreadPoolExecutor(threads() if on_cpu else 1) as pool:
            parts = [pool.submit(alone, chunk, shared) for chunk in chunks]
            for chunk, part in zip(chunks, parts, strict=True):
                results |= zip(chunk, part.result(), strict=True)
    finally:
        torch.set_num_threads(before)
    return [results[k] for k in range(len(rows))]


def _common(rows: Rows) -> int:
    """Count the tokens that all rows begin with.

    At least one of each row is left over, since scores come from what is read last.

    >>> _common([[1, 2, 3], [1, 2, 4, 5]]), _common([[1, 2], [1, 2]]), _common([[1, 2]])
    (2, 1, 0)
    """
    if len(rows) < 2:
        return 0
    first, last, most = min(map(tuple, rows)), max(map(tuple, rows)), min(map(len, rows)) - 1
    return next((k for k in range(most) if first[k] != last[k]), most)


def _beginning(engine: Any, ids: Sequence[int]) -> Shared:
    """Read what rows share, once."""
    import torch
    from transformers import DynamicCache

    with torch.inference_mode():
        cache: Any = DynamicCache(config=engine.model.config)
        inner = engine.model.model
        inner(torch.tensor([list(ids)], device=engine.device), **with_cache(inner, cache))
    return [(layer.keys, layer.values) for layer in cache.layers]


def _prefill(engine: Any, chunk: Rows, shared: Shared) -> tuple["Tensor", Any, "Tensor"]:
    """Read rows behind what they share.

    Returns:
        Logits after each row's last token (B, V), the cache, and which of its places hold a token (B, time).
    """
    import torch
    from transformers import DynamicCache

    lengths = torch.tensor([len(row) for row in chunk], device=engine.device)
    ids = torch.zeros(len(chunk), int(lengths.max()), dtype=torch.long)
    for k, row in enumerate(chunk):
        ids[k, : len(row)] = torch.tensor(list(row))
    cache = DynamicCache(config=engine.model.config)
    for number, pair in enumerate(shared):
        cache.update(*(each.expand(len(chunk), -1, -1, -1) for each in pair), number)
    inner = engine.model.model
    hidden = inner(ids.to(engine.device), **with_cache(inner, cache)).last_hidden_state
    last = hidden[torch.arange(len(chunk)), lengths - 1]
    begun = shared[0][0].shape[2] if shared else 0
    real = torch.arange(ids.shape[1], device=engine.device) < lengths[:, None]
    return engine.model.lm_head(last), cache, torch.nn.functional.pad(real, (begun, 0), value=True)


def _last_logits(engine: Any, chunk: Rows, shared: Shared) -> "Tensor":
    return _prefill(engine, chunk, shared)[0]


def _written(engine: Any, chunk: Rows, shared: Shared, most: int, masks: Sequence[Mask]) -> list[list[int]]:
    """Write greedily behind rows; those that end are taken out."""
    import torch

    logits, cache, real = _prefill(engine, chunk, shared)
    texts: list[list[int]] = [[] for _ in chunk]
    active, places = list(range(len(chunk))), real.sum(-1)  # the place of each row's next token
    suppressed = list(engine.model.generation_config.suppress_tokens or ())
    for step in range(most):
        logits[:, suppressed] = -float("inf")
        for at, k in enumerate(active if masks else ()):
            logits[at, torch.from_numpy(~masks[k].allowed())] = -float("inf")
        best = logits.argmax(-1)
        goes_on = []
        for at, (k, token) in enumerate(zip(active, best.tolist(), strict=True)):
            if token not in engine.eos_ids:
                texts[k].append(token)
                if masks:
                    masks[k].append(token)
                if int(places[at]) + 1 < engine.context:
                    goes_on.append(at)
        if not goes_on or step + 1 == most:
            break
        kept = torch.tensor(goes_on, device=engine.device)
        if len(goes_on) < len(active):
            cache.batch_select_indices(kept)
        active = [active[at] for at in goes_on]
        real = torch.nn.functional.pad(real[kept], (0, 1), value=True)
        inner, rows = engine.model.model, {"attention_mask": real.long(), "position_ids": places[kept][:, None]}
        hidden = inner(best[kept][:, None], **rows, **with_cache(inner, cache)).last_hidden_state
        logits, places = engine.model.lm_head(hidden[:, -1]), places[kept] + 1
    return texts
