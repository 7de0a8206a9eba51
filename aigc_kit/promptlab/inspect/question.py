"""Ask how probable an answer is when words are deleted."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.make.text.engines.base import check_prompt

if TYPE_CHECKING:
    from torch import Tensor

OPERATORS = {
    "unk": Words("<unk> in its place", "换成 <unk>，位置还在"),
    "mean": Words("the mean of all embeddings in its place", "换成所有词向量的平均，位置还在"),
    "gone": Words("taken out, what follows moves up", "整个拿掉，后面的往前移"),
}
"""How a word is deleted -> what that means."""

SCALES = {"log": Words("log-probability", "对数概率"), "odds": Words("log-odds", "对数几率")}
"""What is explained -> its name; both in nats."""

_ROWS = 64  # versions of a prompt that are read at a time


class Question:
    """Hold a prompt, an answer, and words that share credit.

    Args:
        engine: of transformers; its model stays as it is.
        prompt: that the model reads.
        answer: whose log-probability is explained.
        operator: of `OPERATORS`.
        scale: "log" explains the answer's log-probability; "odds" the log-odds against everything else, which still
            move where the answer is all but certain.
        chat: put the prompt into the model's template; None: where it has one.
        part: (start, end) characters of the prompt whose words count; None: all of it.

    Raises:
        BadInput: an empty prompt or answer, one that does not fit, no word in the part, or no <unk> in this model.
        UnknownName: no such operator.
    """

    def __init__(
        self,
        engine: Any,
        prompt: str,
        answer: str,
        *,
        operator: str = "unk",
        scale: str = "log",
        chat: bool | None = None,
        part: tuple[int, int] | None = None,
    ) -> None:
        if operator not in OPERATORS:
            asked = Words(f"to delete words by {operator!r}", f"用 {operator!r} 删词")
            raise unknown_name(asked, operator, OPERATORS, Words("operator", "删法"))
        if not (isinstance(prompt, str) and prompt.strip() and isinstance(answer, str) and answer):
            raise _refused(prompt, Words("an empty prompt or answer", "提示词或回答是空的"))
        if scale not in SCALES:
            raise unknown_name(Words(f"the scale {scale!r}", f"尺度 {scale!r}"), scale, SCALES, Words("scale", "尺度"))
        self.engine, self.prompt, self.answer, self.operator, self.scale = engine, prompt, answer, operator, scale
        chat = bool(engine.tokenizer.chat_template) if chat is None else chat
        whole = engine.chat_text([{"role": "user", "content": prompt}]) if chat else prompt
        coded = engine.tokenizer(whole, add_special_tokens=not chat, return_offsets_mapping=True, verbose=False)
        self.ids = list(coded.input_ids)
        self.target = list(engine.tokenizer(answer, add_special_tokens=False, verbose=False).input_ids)
        check_prompt([*self.ids, *self.target], engine.vocab_size, engine.context)
        shift = whole.index(prompt)
        low, high = part or (0, len(prompt))
        places = [(max(0, a - shift), b - shift) for a, b in coded.offset_mapping]
        groups = word_groups(prompt, places)
        self.spans = [span for span, _ in groups if low < span[1] and span[0] < high]
        self._groups = [tokens for span, tokens in groups if low < span[1] and span[0] < high]
        if not self._groups:
            raise _refused(prompt, Words("no word in that part", "这一段里没有词"))
        self.evaluations = 0
        self._kept: Any = None  # keys and values of what stands before the first of these words
        if operator == "unk" and engine.tokenizer.unk_token_id is None:
            raise _refused(
                prompt,
                Words("this model has no <unk>", "这个模型没有 <unk>"),
                Words('take operator="mean"', '写 operator="mean"'),
            )

    @property
    def words(self) -> tuple[str, ...]:
        """List the words that share the credit."""
        return tuple(self.prompt[start:end] for start, end in self.spans)

    def owners(self) -> np.ndarray:
        """Tell which token belongs to which word.

        Returns:
            bool (words, tokens of the prompt).
        """
        marks = np.zeros((len(self._groups), len(self.ids)), bool)
        for row, tokens in enumerate(self._groups):
            marks[row, tokens] = True
        return marks

    def value(self, keeps: np.ndarray) -> np.ndarray:
        """Measure the answer with some words deleted.

        Args:
            keeps: bool (B, words), False where the word is deleted.

        Returns:
            float64 (B,): the answer's log-probability or log-odds, in nats.
        """
        import torch

        keeps = np.asarray(keeps, dtype=bool)
        if keeps.ndim != 2 or keeps.shape[1] != len(self._groups):
            raise BadInput(
                asked=Words("the value of masks", "算遮住一些词以后的值"),
                found=Words(f"shape {keeps.shape}", f"形状是 {keeps.shape}"),
                todo=Words(f"give bool (B, {len(self._groups)})", f"给 bool，形状 (B, {len(self._groups)})"),
            )
        self.engine.use_threads()
        gone = (~keeps).astype(float) @ self.owners() > 0
        values = []
        with torch.inference_mode():
            for start in range(0, len(keeps), _ROWS):
                values.append(self._read(torch.from_numpy(gone[start : start + _ROWS])).double().cpu().numpy())
        self.evaluations += len(keeps)
        return np.concatenate(values) if values else np.empty(0)

    def _read(self, gone: "Tensor") -> "Tensor":
        """Read versions of the prompt, gone tokens bool (B, T)."""
        import torch

        embedded = self.embeddings()[None].expand(len(gone), -1, -1)
        if self.operator != "gone":
            mixed = torch.where(gone[..., None].to(embedded.device), self.baseline().to(embedded.dtype), embedded)
            return self.score(mixed)
        seen = torch.cat([~gone, torch.ones(len(gone), len(self.target) - 1, dtype=torch.bool)], 1).long()
        return self.score(embedded, seen)

    def embeddings(self) -> "Tensor":
        """Embed the prompt: floats (T, width)."""
        return self.engine.model.get_input_embeddings().weight.detach()[self.ids]

    def baseline(self) -> "Tensor":
        """Give what stands in a deleted word's place, (width,).

        Raises:
            BadInput: nothing does: the operator takes words out.
        """
        table = self.engine.model.get_input_embeddings().weight.detach()
        if self.operator == "unk":
            return table[self.engine.tokenizer.unk_token_id]
        if self.operator == "mean":
            return table.mean(0)
        raise BadInput(
            asked=Words("gradients where words are taken out", "整个拿掉词，还要算梯度"),
            found=Words("there is no vector in their place", "拿掉以后，那里没有向量"),
            todo=Words('take operator="unk" or "mean"', '写 operator="unk" 或 "mean"'),
        )

    def score(self, embedded: "Tensor", seen: "Tensor | None" = None) -> "Tensor":
        """Measure the answer after prompts given as vectors.

        What stands before the words that share the credit is read once, and gets no gradient.

        Args:
            embedded: floats (B, T, width).
            seen: int64 (B, T + answer - 1), 0 where a token is taken out; what follows moves up.

        Returns:
            floats (B,), in nats; it has a gradient.
        """
        import torch

        model, count, first = self.engine.model, len(self.target), self._beginning(embedded)
        after = model.get_input_embeddings().weight.detach()[self.target[:-1]]
        joined = torch.cat([embedded[:, first:], after.expand(len(embedded), -1, -1)], 1)
        how: dict[str, Any] = {"use_cache": False}
        if seen is not None:
            places = (seen.cumsum(1) - 1).clamp(min=0)[:, first:]
            how |= {"attention_mask": seen, "position_ids": places}
        if first:
            how |= {"use_cache": True, "past_key_values": self._memory(first, len(embedded))}
        logits = model(inputs_embeds=joined, logits_to_keep=count, **how).logits
        logits, own = logits.float(), torch.tensor(self.target)[None, :, None].expand(len(logits), -1, 1)
        mine = logits.gather(2, own)[..., 0]
        rest = logits.scatter(2, own, -torch.inf) if self.scale == "odds" else logits
        return (mine - rest.logsumexp(-1)).sum(1)

    def _beginning(self, embedded: "Tensor") -> int:
        """Count the first tokens that no word owns."""
        first = min(tokens[0] for tokens in self._groups)
        own = self.embeddings()[:first].to(embedded.dtype)
        return first if bool((embedded[:, :first] == own).all()) else 0

    def _memory(self, first: int, count: int) -> Any:
        """Copy what is kept of the first tokens."""
        import torch

        if self._kept is None:
            with torch.no_grad():
                self._kept = self.engine.model(
                    input_ids=torch.tensor([self.ids[:first]]), use_cache=True, logits_to_keep=1
                ).past_key_values
        memory = copy.deepcopy(self._kept)
        memory.batch_repeat_interleave(count)
        return memory


def word_groups(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], list[int]]]:
    """Join tokens to the words that a reader sees.

    Pieces of one character, and of one word (rjieba; digits and Latin letters in a row), are one. Where a token is
    longer than a word, the word is as long as the token.

    Args:
        text: the prompt.
        places: (start, end) characters of each token; empty or outside the text for those that write nothing of it.

    Returns:
        ((start, end) in the text, numbers of the tokens), in order; white space is no word.
    """
    import rjieba

    edges, at = set(), 0
    for word in rjieba.cut(text):
        edges |= {at, at + len(word)}
        at += len(word)
    inner = {k for start, end in places if start < end <= len(text) for k in range(start + 1, end)}
    marks = sorted((edges - inner) | {0, len(text)})
    groups: dict[tuple[int, int], list[int]] = {}
    for number, (start, end) in enumerate(places):
        if not 0 <= start < end <= len(text) or not text[start:end].strip():
            continue
        low = max(mark for mark in marks if mark <= start)
        high = min(mark for mark in marks if mark >= end)
        groups.setdefault((low, high), []).append(number)
    return sorted(groups.items())


def _refused(prompt: str, found: Words, todo: Words | None = None) -> BadInput:
    return BadInput(
        asked=Words(f"to explain an answer to {prompt!r:.60}", f"解释对 {prompt!r:.60} 的回答"),
        found=found,
        todo=todo
        or Words("give a prompt and an answer that the model may write", "提示词和回答都写上，回答要是模型可能写的"),
    )
