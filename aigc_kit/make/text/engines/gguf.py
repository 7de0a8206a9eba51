"""Score tokens with llama.cpp, on GGUF files.

It gives the top N, not all logits. llama.cpp runs inside this process (`xllamacpp.Server`), which also answers on a
loopback port behind a random key; the port is used for tokens and templates. One token at a time is asked for, with the
text as token ids; the server keeps the keys and values of the text before it, so a step costs one pass. The
log-probabilities are those of the model (T = 1, no filter), of the N most probable tokens, and only these can be drawn;
what the others share is stated as missing mass, and what they would share after temperature is bounded
(`Candidates.cut_mass`).
"""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, Words
from aigc_kit.make.text.engines.base import Candidates, RereadBeams, check_prompt, idle_threads, legible
from aigc_kit.make.text.settings import TOP_N

_ENDINGS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>", "<|end|>")
_FORCE = 1e4  # added to the logit of the token that shall be drawn; the reported probabilities are from before it


class LlamaCppEngine:
    """Hold a GGUF model in llama.cpp, as `engines.base.Engine`.

    Args:
        threads: None uses the processors that are idle now.
        top_n: candidates per step where the settings do not say how many suffice; more of them miss less and cost
            more (1000 of them: about 20 ms).

    Raises:
        CannotLoad: not a file that llama.cpp reads.
    """

    kind = "llama.cpp"

    def __init__(self, card: Card, file: Path, *, threads: int | None = None, top_n: int = TOP_N) -> None:
        import xllamacpp

        self.card, self.top_n = card, top_n
        self.context = int(card.facts.max_context)
        params = xllamacpp.CommonParams()
        params.model.path = str(file)
        params.n_ctx, params.n_parallel = self.context, 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = idle_threads(threads)
        params.warmup = params.ui = params.endpoint_slots = False
        params.verbosity = -1  # errors are raised here; nothing is printed into a notebook
        self._key = secrets.token_urlsafe(24)
        params.api_keys = [self._key]
        try:
            self._server: Any = xllamacpp.Server(params)
        except RuntimeError as error:
            raise CannotLoad(
                asked=Words(f"{card.name} from {file.name}", f"从 {file.name} 载入 {card.name}"),
                found=Words(f"llama.cpp says: {error}", f"llama.cpp 报告（原话）：{error}"),
                todo=Words(
                    f"check the file with `aigc fetch --verify {card.name}`, or fetch it anew",
                    f"在终端检查文件：`aigc fetch --verify {card.name}`，或重新下载",
                ),
            ) from error
        self._opener = build_opener(ProxyHandler({}))  # loopback: never through a proxy
        self._pieces: dict[int, bytes] = {}
        self.vocab_size = int(self._ask("/v1/models")["data"][0]["meta"]["n_vocab"])
        self.eos_ids = self._find_endings()
        self._steer = self._tokenize("a")[0]

    def encode(self, text: str) -> list[int]:
        """Encode a text to continue."""
        return self._tokenize(text, add_special=True)

    def decode(self, ids: Sequence[int]) -> str:
        """Decode token ids, without those that end a text."""
        return b"".join(self._piece(t) for t in ids if t not in self.eos_ids).decode(errors="replace")

    def chat_text(self, messages: Sequence[dict[str, str]]) -> str:
        """Write a conversation by the template, ready for the answer."""
        return self._ask("/apply-template", {"messages": list(messages)})["prompt"]

    def chat(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Encode a conversation in the model's template."""
        return self._tokenize(self.chat_text(messages))

    def token_text(self, token: int) -> str:
        """Show a token."""
        return legible(self._piece(int(token)))

    def open(self, ids: Sequence[int], need: int | None = None) -> "LlamaCppSession":
        """Read a prompt, of which `need` candidates are listed.

        The missing mass is that of all others.
        """
        check_prompt(ids, self.vocab_size, self.context)
        return LlamaCppSession(self, ids, min(need or self.top_n, self.top_n))

    def open_beams(self, ids: Sequence[int], need: int | None = None) -> RereadBeams:
        """Read a prompt for beams, whose rows follow one another."""
        check_prompt(ids, self.vocab_size, self.context)
        return RereadBeams(self, ids, need)

    def candidates(self, ids: Sequence[int], count: int) -> Candidates:
        """Find the `count` most probable tokens after a text."""
        entries = self._next(ids, self._steer, count)["top_logprobs"]
        for entry in entries:
            self._pieces.setdefault(entry["id"], bytes(entry["bytes"]))
        logprobs = np.array([entry["logprob"] for entry in entries], dtype=np.float32)
        mass = float(np.exp(logprobs.astype(np.float64)).sum())
        tokens = np.array([entry["id"] for entry in entries], dtype=np.int64)
        rest = min(max(1.0 - mass, 0.0), 1.0)
        return Candidates(tokens, logprobs, rest, "logprobs", unlisted=self.vocab_size - len(tokens))

    def logprobs(self, ids: Sequence[int], start: int) -> np.ndarray:
        """Give log-probabilities of ids[start:], one exact pass a token."""
        check_prompt(ids[:-1], self.vocab_size, self.context)
        return np.array([self._next(ids[:at], ids[at], 1)["logprob"] for at in range(start, len(ids))], np.float64)

    def close(self) -> None:
        """Stop the server and free the model."""
        self._server = None

    def _next(self, ids: Sequence[int], steer: int, count: int) -> dict[str, Any]:
        """Ask for one token, steering the draw to `steer`."""
        answer = self.complete(
            {
                "prompt": [int(token) for token in ids],
                "n_predict": 1,
                "n_probs": count,
                "samplers": ["top_k"],
                "top_k": 1,
                "logit_bias": [[int(steer), _FORCE]],  # an end of text, once drawn, would suppress the probabilities
                "cache_prompt": True,
            }
        )
        return answer["choices"][0]["logprobs"]["content"][0]

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Complete a text as the server's `body` says (`prompt`, ...).

        Raises:
            BadInput: llama.cpp refuses.
        """
        answer = self._server.handle_completions(body)
        if "error" in answer:
            raise BadInput(
                asked=Words("a completion by llama.cpp", "用 llama.cpp 续写"),
                found=Words(
                    f"it says: {answer['error'].get('message')}", f"它报告（原话）：{answer['error'].get('message')}"
                ),
                todo=Words(
                    "shorten the prompt, or load the model anew: aigc_kit.models.loaded.free()",
                    "缩短提示词，或重新载入模型：aigc_kit.models.loaded.free()",
                ),
            )
        return answer

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = Request(
            self._server.listening_address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"},
        )
        with self._opener.open(request, timeout=60) as answer:
            return json.load(answer)

    def _tokenize(self, text: str, add_special: bool = False) -> list[int]:
        body = {"content": text, "add_special": add_special, "parse_special": True, "with_pieces": True}
        tokens = self._ask("/tokenize", body)["tokens"]
        for token in tokens:
            piece = token["piece"]
            self._pieces[token["id"]] = piece.encode() if isinstance(piece, str) else bytes(piece)
        return [token["id"] for token in tokens]

    def _piece(self, token: int) -> bytes:
        if token not in self._pieces:
            self._pieces[token] = self._ask("/detokenize", {"tokens": [token]})["content"].encode()
        return self._pieces[token]

    def _find_endings(self) -> frozenset[int]:
        """Find the tokens that end a text.

        "</s>" counts only where the model says so: to a model of code it is HTML.
        """
        own = self._ask("/props").get("eos_token") or ""
        names = map(self._tokenize, {own, *_ENDINGS} - {""})
        return frozenset(ids[0] for ids in names if len(ids) == 1)


class LlamaCppSession:
    """Hold a text in progress, whose cache is the server's."""

    def __init__(self, engine: LlamaCppEngine, ids: Sequence[int], count: int) -> None:
        self._engine, self._ids, self._count = engine, [int(token) for token in ids], count

    def candidates(self) -> Candidates:
        """Score the top N."""
        return self._engine.candidates(self._ids, self._count)

    def append(self, token: int) -> None:
        """Add a token to the text."""
        self._ids.append(int(token))

    def close(self) -> None:
        """Free nothing, as nothing is held here."""
