"""The transformers engine: every logit, the KV cache, attention maps. float32 on a CPU, the plan's dtype on a GPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card
from aigc_kit.make.text.engines.base import Candidates, check_prompt, idle_threads, legible, piece_reader

SMALL = 20_000_000  # parameters below which one thread is fastest: 3 million took 90 ms a poem on one, 250 ms on two


class TransformersSession:
    """A text in progress. The pass for an appended token runs when its successor's scores are asked for."""

    def __init__(self, engine: "TransformersEngine", ids: Sequence[int]) -> None:
        from transformers import DynamicCache

        check_prompt(ids, engine.vocab_size, engine.context)
        self._engine = engine
        self._cache: Any = DynamicCache(config=engine.model.config)
        self._latest: np.ndarray | None = engine.forward([list(ids)], self._cache)[0]
        self._pending: list[int] = []

    def candidates(self) -> Candidates:
        """Scores of all tokens."""
        if self._pending:
            self._latest = self._engine.forward([self._pending], self._cache)[0]
            self._pending = []
        assert self._latest is not None
        return self._engine.everything(self._latest)

    def append(self, token: int) -> None:
        """Add a token to the text."""
        self._pending.append(int(token))

    def close(self) -> None:
        """Free the KV cache."""
        self._cache = self._latest = None


class TransformersBeams:
    """Rows of a beam search in one batch; the cache is reordered with them."""

    def __init__(self, engine: "TransformersEngine", ids: Sequence[int]) -> None:
        from transformers import DynamicCache

        check_prompt(ids, engine.vocab_size, engine.context)
        self._engine = engine
        self._cache: Any = DynamicCache(config=engine.model.config)
        self._latest = engine.forward([list(ids)], self._cache)
        self._pending: list[int] = []

    def candidates(self) -> list[Candidates]:
        """One entry per row."""
        if self._pending:
            self._latest = self._engine.forward([[token] for token in self._pending], self._cache)
            self._pending = []
        return [self._engine.everything(row) for row in self._latest]

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Row i becomes row parents[i] followed by tokens[i]."""
        import torch

        with torch.inference_mode():
            self._cache.reorder_cache(torch.tensor(list(parents), device=self._engine.device))
        self._pending = [int(token) for token in tokens]

    def close(self) -> None:
        """Free the KV cache."""
        self._cache = None
        self._latest = np.empty((0, 0), dtype=np.float32)


class TransformersEngine:
    """A causal language model of transformers with its tokenizer. See `engines.base.Engine` for the interface.

    Args:
        card: of the model.
        folder: with config, safetensors and tokenizer files.
        dtype: "float32", "bfloat16" or "float16".
        device: "cpu" or "cuda".
        attention: "sdpa" or "eager".
        threads: most to use on a CPU; those that are idle now are used, and one by a small model, whose threads would
            wait for each other longer than they work (each pass sets torch's number for the process).

    Raises:
        CannotLoad: the folder holds no model that transformers can load.
    """

    kind = "transformers"

    def __init__(
        self,
        card: Card,
        folder: Path,
        *,
        dtype: str = "float32",
        device: str = "cpu",
        attention: str = "sdpa",
        threads: int | None = None,
    ) -> None:
        import torch
        from huggingface_hub.errors import StrictDataclassError
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.card, self.device, self.dtype = card, device, dtype
        try:
            with quiet():
                self._tokenizer: Any = AutoTokenizer.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False
                )
                self._model: Any = AutoModelForCausalLM.from_pretrained(
                    folder,
                    dtype=getattr(torch, dtype),
                    attn_implementation=attention,
                    local_files_only=True,
                    use_safetensors=True,
                    trust_remote_code=False,  # left open, a terminal would ask the learner whether to run it
                )
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            StrictDataclassError,
            SafetensorError,
        ) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise CannotLoad(
                asked=f"{card.name} from {folder}",
                found=f"transformers says: {said}",
                todo=f"fetch the model anew: aigc fetch {card.name}",
            ) from error
        self._model.eval().to(device)
        small = sum(weights.numel() for weights in self._model.parameters()) < SMALL
        self._threads = (1 if small else idle_threads(threads)) if device == "cpu" else None
        self._piece = piece_reader(self._tokenizer)
        self._suppressed: list[int] = list(self._model.generation_config.suppress_tokens or ())
        self.vocab_size = int(self._model.config.vocab_size)
        self.eos_ids = _eos_ids(self._model, self._tokenizer)
        limit = int(getattr(self._model.config, "max_position_embeddings", 1 << 30))
        self.context = min(limit, int(card.facts.max_context))
        self._all_ids = np.arange(self.vocab_size)
        self._all_ids.flags.writeable = False

    @property
    def model(self) -> Any:
        """The transformers model, for those who want to call it directly."""
        return self._model

    @property
    def tokenizer(self) -> Any:
        """The transformers tokenizer."""
        return self._tokenizer

    def encode(self, text: str) -> list[int]:
        """Token ids of a text to continue."""
        return self._tokenizer(text).input_ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, without special tokens."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def chat(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Token ids of a conversation in the model's template.

        Raises:
            BadInput: the model has no chat template.
        """
        return self._tokenizer(self.chat_text(messages), add_special_tokens=False).input_ids

    def chat_text(self, messages: Sequence[dict[str, str]]) -> str:
        """The conversation as the template writes it, ready for the answer.

        Raises:
            BadInput: the model has no chat template.
        """
        if not self._tokenizer.chat_template:
            raise BadInput(
                asked=f"a chat with {self.card.name}",
                found="it continues texts and was never taught to answer (no chat template)",
                todo="say chat=False and write the beginning of a text",
            )
        return self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)

    def token_text(self, token: int) -> str:
        """A token for display."""
        return legible(self._piece(token))

    def open(self, ids: Sequence[int], need: int | None = None) -> TransformersSession:
        """Read a prompt. All scores are there in any case, so `need` changes nothing.

        Raises:
            BadInput: an empty prompt, a token outside the vocabulary, a prompt that fills the context.
        """
        return TransformersSession(self, ids)

    def open_beams(self, ids: Sequence[int], need: int | None = None) -> TransformersBeams:
        """Read a prompt for a beam search; the rows are computed as one batch."""
        return TransformersBeams(self, ids)

    def logprobs(self, ids: Sequence[int], start: int) -> np.ndarray:
        """Log-probabilities of ids[start:], each given everything before it, in one forward pass.

        Args:
            ids: prompt and continuation.
            start: index of the first token of the continuation, 1 <= start < len(ids).

        Returns:
            float64 (len(ids) - start,), natural logarithms, under the model itself (T = 1, no filter).
        """
        import torch

        check_prompt(ids[:-1], self.vocab_size, self.context)
        with torch.inference_mode():
            logits = self._model(torch.tensor([list(ids[:-1])], device=self.device), use_cache=False).logits[0]
            rows = torch.log_softmax(logits[start - 1 :].float(), dim=-1)
            picked = rows.gather(1, torch.tensor(ids[start:], device=self.device)[:, None])[:, 0]
        return picked.double().cpu().numpy()

    def attention(self, ids: Sequence[int]) -> np.ndarray:
        """Attention weights of one forward pass: how much each token looks at each earlier one.

        Returns:
            float32 (layers, heads, T, T); row t sums to 1 over columns <= t, later columns are 0.
        """
        import torch

        check_prompt(ids, self.vocab_size, self.context + 1)
        usual = self._model.config._attn_implementation
        self._model.set_attn_implementation("eager")  # only this implementation keeps the weights
        try:
            with torch.inference_mode():
                tokens = torch.tensor([list(ids)], device=self.device)
                layers = self._model(tokens, output_attentions=True, use_cache=False).attentions
        finally:
            self._model.set_attn_implementation(usual)
        return torch.stack([layer[0] for layer in layers]).float().cpu().numpy()

    def forward(self, rows: Sequence[Sequence[int]], cache: Any) -> np.ndarray:
        """Scores after the last token of each row, float32 (B, V); the cache grows by the rows' length.

        Tokens that the model's own generation config suppresses score -inf, as in `generate`.
        """
        import torch

        if self._threads and torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            answer = self._model(
                torch.tensor(rows, device=self.device), past_key_values=cache, use_cache=True, logits_to_keep=1
            )
            logits = answer.logits[:, -1].float()
            if self._suppressed:
                logits[:, self._suppressed] = -float("inf")
            return logits.cpu().numpy()

    def everything(self, logits: np.ndarray) -> Candidates:
        """Candidates of all tokens from scores (V,)."""
        return Candidates(self._all_ids, logits)

    def close(self) -> None:
        """Free the model; the engine cannot be used afterwards."""
        if self._model is None:
            return
        self._model = None
        if self.device == "cuda":
            import torch

            torch.cuda.empty_cache()


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars while a model is loaded: those of transformers, and those that it makes with bare tqdm."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    found: set[int] = set()
    for value in (model.generation_config.eos_token_id, model.config.eos_token_id, tokenizer.eos_token_id):
        if value is not None:
            found.update([value] if isinstance(value, int) else value)
            break
    return frozenset(found)
