"""Write tunes with the tiny melody model, token by token."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import CannotLoad
from aigc_kit.core.types import Card, Words
from aigc_kit.make.music.bar_grammar import BarGrammar
from aigc_kit.make.music.settings import Settings, check_motif
from aigc_kit.make.text.engines.hf import quiet
from aigc_kit.make.text.sampling import apply_temperature, draw, softmax, top_p
from aigc_kit.models.compat import with_cache
from aigc_kit.worlds.tunes.hearing import tempo_of
from aigc_kit.worlds.tunes.tune import BPMS
from aigc_kit.worlds.tunes.wishes import TuneWish

MOST_TOKENS = 200


class MelodyEngine:
    """Hold the tiny melody model: a LlamaForCausalLM over notes.

    Args:
        card: of it.
        folder: of its files.

    Raises:
        CannotLoad: the files are not those of such a model.
    """

    kind = "melody"

    def __init__(self, card: Card, folder: Path) -> None:
        from transformers import AutoTokenizer, LlamaForCausalLM

        try:
            with quiet():
                self.model: Any = LlamaForCausalLM.from_pretrained(folder, dtype="float32").eval()
                self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise CannotLoad(
                asked=Words(f"the melody model in {folder.name}", f"{folder.name} 里的旋律模型"),
                found=Words(f"cannot be read: {error}", f"读不了（原话：{error}）"),
                todo=Words("take the folder from a full clone again", "从完整的克隆里重新取一份这个文件夹"),
            ) from error
        self.card = card
        self.names: list[str] = list(self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer)))))
        self.end = self.tokenizer.eos_token_id
        self.notes = np.array([name[0] == "=" or name in "|/" or _is_note(name) for name in self.names])

    def close(self) -> None:
        """Let go of the weights."""
        self.model = None

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """Look up tokens, such as those of a wish."""
        return self.tokenizer.convert_tokens_to_ids(list(tokens))

    def prompt(self, wish: TuneWish, motif: str | None = None) -> list[str]:
        """Write what precedes a tune: start, wish, perhaps a motif."""
        head = [self.tokenizer.bos_token, *wish.tokens()]
        if motif is None:
            return head
        fitting = [bpm for bpm in BPMS if wish.tempo in (None, tempo_of(bpm))]
        return [*head, f"={fitting[len(fitting) // 2]}", *check_motif(motif)]

    def grammar(self, metre: str) -> BarGrammar:
        """Make the grammar of one metre."""
        return BarGrammar.of_metres(self.names, [metre], self.end)

    def write(self, wish: TuneWish, settings: Settings, seed: int) -> Iterator[str]:
        """Write a tune.

        Args:
            wish: what is asked for; its metre is kept from the model where the settings only constrain.
            settings: temperature, top_p, control, motif.
            seed: of the draws.

        Yields:
            Its tokens, the motif's too, the end left out; 200 at most.
        """
        import torch

        constrained = settings.control != "ask"
        grammar = self.grammar(wish.metre or "4/4") if constrained else None
        shown = TuneWish(**dict(wish.items()) | {"metre": None}) if settings.control == "constrain" else wish
        prompt = self.prompt(shown, settings.motif)
        yield from prompt[8:]
        rng = np.random.default_rng(seed)
        ids = self.ids(prompt)
        cache: Any = None
        fresh = ids
        with torch.inference_mode():
            for _ in range(MOST_TOKENS - len(ids)):
                out = self.model(
                    torch.tensor([fresh]), use_cache=True, **(with_cache(self.model, cache) if cache else {})
                )
                cache = out.past_key_values
                scores = out.logits[:, -1].float()
                if grammar is not None and len(ids) > 8:
                    scores = grammar(torch.tensor([ids]), scores)
                token = self._draw(scores[0].numpy(), settings, rng)
                if token == self.end:
                    return
                yield self.names[token]
                ids = [*ids, token]
                fresh = [token]

    def _draw(self, scores: np.ndarray, settings: Settings, rng: np.random.Generator) -> int:
        allowed = self.notes.copy()
        allowed[self.end] = True
        scores = np.where(allowed, scores, -np.inf)
        scores = apply_temperature(scores, settings.temperature)
        if settings.top_p < 1:
            scores = top_p(scores, settings.top_p)
        return draw(softmax(scores), rng)


def _is_note(name: str) -> bool:
    pitch, _, length = name.partition(":")
    return length.isdigit() and (pitch == "r" or pitch.isdigit())
