"""Score tokens with transformers: every logit, KV cache, attention maps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, Words
from aigc_kit.make.text.engines.base import Candidates, check_prompt, idle_threads, legible, piece_reader
from aigc_kit.models.compat import with_cache

SMALL = 20_000_000  # parameters below which one thread is fastest: 3 million took 90 ms a poem on one, 250 ms on two


class _Rows:
    """Hold rows of text and their KV cache.

    The pass for appended tokens runs when the scores after them are asked for.
    """

    def __init__(self, engine: "TransformersEngine", ids: Sequence[int]) -> None:
        from transformers import DynamicCache

        check_prompt(ids, engine.vocab_size, engine.context)
        self._engine = engine
        self._cache: Any = DynamicCache(config=engine.model.config)
        self._latest = engine.forward([list(ids)], self._cache)
        self._pending: list[list[int]] = []

    def close(self) -> None:
        """Free the KV cache."""
        self._cache = None
        self._latest = np.empty((0, 0), dtype=np.float32)

    def _candidates(self) -> list[Candidates]:
        if self._pending:
            self._latest = self._engine.forward(self._pending, self._cache)
            self._pending = []
        return [self._engine.everything(row) for row in self._latest]


class TransformersSession(_Rows):
    """Hold a text in progress."""

    def candidates(self) -> Candidates:
        """Score all tokens."""
        return self._candidates()[0]

    def append(self, token: int) -> None:
        """Add a token to the text."""
        self._pending = [[*row, int(token)] for row in self._pending or [[]]]


class TransformersBeams(_Rows):
    """Hold rows of a beam search in one batch."""

    def candidates(self) -> list[Candidates]:
        """Score all tokens after each row."""
        return self._candidates()

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Let row i become row parents[i] followed by tokens[i]."""
        import torch

        with torch.inference_mode():
            self._cache.reorder_cache(torch.tensor(list(parents), device=self._engine.device))
        self._pending = [[int(token)] for token in tokens]


class TransformersEngine:
    """Hold a causal language model of transformers, as `engines.base.Engine`.

    Its `model` and `tokenizer` are there for those who want to call them directly.

    Args:
        card: of the model.
        folder: with config, safetensors and tokenizer files.
        dtype, device, attention: "float32", "bfloat16" or "float16"; "cpu" or "cuda"; "sdpa" or "eager".
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
        damage = (OSError, ValueError, KeyError, TypeError, AttributeError, StrictDataclassError, SafetensorError)
        todo = Words(f"fetch the model anew: aigc fetch {card.name}", f"在终端重新下载模型：aigc fetch {card.name}")
        with loading(card, folder, damage, todo):
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            self.model: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=getattr(torch, dtype),
                attn_implementation=attention,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,  # left open, a terminal would ask the learner whether to run it
            )
        self.model.eval().to(device)
        small = sum(weights.numel() for weights in self.model.parameters()) < SMALL
        self._threads = (1 if small else idle_threads(threads)) if device == "cpu" else None
        self._piece = piece_reader(self.tokenizer)
        self._suppressed: list[int] = list(self.model.generation_config.suppress_tokens or ())
        self.vocab_size = int(self.model.config.vocab_size)
        self.eos_ids = _eos_ids(self.model, self.tokenizer)
        limit = int(getattr(self.model.config, "max_position_embeddings", 1 << 30))
        self.context = min(limit, int(card.facts.max_context))
        self._all_ids = np.arange(self.vocab_size)
        self._all_ids.flags.writeable = False

    def encode(self, text: str) -> list[int]:
        """Encode a text to continue."""
        return self.tokenizer(text, verbose=False).input_ids  # the engine itself says what is too long

    def decode(self, ids: Sequence[int]) -> str:
        """Decode token ids, without special tokens."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def chat(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Encode what `chat_text` writes."""
        return self.tokenizer(self.chat_text(messages), add_special_tokens=False, verbose=False).input_ids

    def chat_text(self, messages: Sequence[dict[str, str]]) -> str:
        """Write a conversation by the template, ready for the answer.

        Raises:
            BadInput: the model has no chat template.
        """
        if not self.tokenizer.chat_template:
            raise BadInput(
                asked=Words(f"a chat with {self.card.name}", f"和 {self.card.name} 对话"),
                found=Words(
                    "it continues texts and was never taught to answer (no chat template)",
                    "它只会续写，没有学过回答问题（没有对话模板）",
                ),
                todo=Words("say chat=False and write the beginning of a text", "写 chat=False，并给出一段文字的开头"),
            )
        return self.tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)

    def token_text(self, token: int) -> str:
        """Show a token."""
        return legible(self._piece(token))

    def open(self, ids: Sequence[int], need: int | None = None) -> TransformersSession:
        """Read a prompt, with all scores whatever the `need`."""
        return TransformersSession(self, ids)

    def open_beams(self, ids: Sequence[int], need: int | None = None) -> TransformersBeams:
        """Read a prompt for a beam search."""
        return TransformersBeams(self, ids)

    def logprobs(self, ids: Sequence[int], start: int) -> np.ndarray:
        """Give log-probabilities of ids[start:], in one forward pass."""
        import torch

        check_prompt(ids[:-1], self.vocab_size, self.context)
        self.use_threads()
        with torch.inference_mode():
            logits = self.model(torch.tensor([list(ids[:-1])], device=self.device), use_cache=False).logits[0]
            rows = torch.log_softmax(logits[start - 1 :].float(), dim=-1)
            own = rows.gather(1, torch.tensor(ids[start:], device=self.device)[:, None])[:, 0]
        return own.double().cpu().numpy()

    def attention(self, ids: Sequence[int]) -> np.ndarray:
        """Measure how much each token looks at each earlier one.

        Returns:
            float32 (layers, heads, T, T); row t sums to 1 over columns <= t, later columns are 0.
        """
        import torch

        check_prompt(ids, self.vocab_size, self.context + 1)
        usual = self.model.config._attn_implementation
        self.model.set_attn_implementation("eager")  # only this implementation keeps the weights
        try:
            with torch.inference_mode():
                tokens = torch.tensor([list(ids)], device=self.device)
                layers = self.model(tokens, output_attentions=True, use_cache=False).attentions
        finally:
            self.model.set_attn_implementation(usual)
        return torch.stack([layer[0] for layer in layers]).float().cpu().numpy()

    def forward(self, rows: Sequence[Sequence[int]], cache: Any) -> np.ndarray:
        """Score what follows each row, float32 (B, V).

        The cache grows by the rows' length. Tokens that the model's own generation config suppresses score -inf, as in
        `generate`.
        """
        import torch

        self.use_threads()
        with torch.inference_mode():
            answer = self.model(
                torch.tensor(rows, device=self.device),
                **with_cache(self.model, cache),
                use_cache=True,
                logits_to_keep=1,
            )
            logits = answer.logits[:, -1].float()
            if self._suppressed:
                logits[:, self._suppressed] = -float("inf")
            return logits.cpu().numpy()

    def use_threads(self) -> None:
        """Set torch's threads to what suits the model."""
        import torch

        if self._threads and torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)

    def everything(self, logits: np.ndarray) -> Candidates:
        """Make candidates of all tokens from scores (V,)."""
        return Candidates(self._all_ids, logits)

    def close(self) -> None:
        """Free the model and with it the engine."""
        in_use, self.model = self.model is not None, None
        if in_use and self.device == "cuda":
            import torch

            torch.cuda.empty_cache()


@contextmanager
def loading(card: Card, origin: Path | str, damage: tuple[type[Exception], ...], todo: Words) -> Iterator[None]:
    """Load quietly, and put transformers' errors in the kit's words.

    What it raises of ``damage`` over ``origin``, a folder or file, becomes CannotLoad with the advice ``todo``.
    """
    try:
        with quiet():
            yield
    except damage as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        words = Words(f"transformers says: {line}", f"transformers 报告（原话）：{line}")
        raise CannotLoad(
            asked=Words(f"{card.name} from {origin}", f"从 {origin} 载入 {card.name}"), found=words, todo=todo
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the progress bars of transformers, bare tqdm's too."""
    from transformers.utils import logging

    usual = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        if usual:
            logging.enable_progress_bar()


def _eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    values = (model.generation_config.eos_token_id, model.config.eos_token_id, tokenizer.eos_token_id)
    first = next((value for value in values if value is not None), ())
    return frozenset([first] if isinstance(first, int) else first)
