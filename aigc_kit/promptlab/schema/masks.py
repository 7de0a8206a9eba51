"""Let a model write only what fits a schema.

At each token, llguidance says which tokens may still lead to a valid text; all others get no chance. That makes the
answer valid, by construction and whatever the model knows; true it makes nothing.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotWrite
from aigc_kit.make.text import batches
from aigc_kit.make.text.engines.base import piece_reader
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.ask.backends import How, LocalBackend, Reply, check_length, text_card
from aigc_kit.promptlab.schema.schemas import Schema

BYTES = 256
_STEPS = 400  # tokens of a walk that tries a mask out
COMPACT: Any = {
    "whitespace_flexible": False
}  # no white space between values: a model that knows nothing would never stop


class Vocabulary:
    """Hold what tokens write, as llguidance wants it.

    Args:
        pieces: bytes of each token, in the order of their numbers; empty for special ones.
        end: the token that ends a text.
    """

    def __init__(self, pieces: Sequence[bytes], end: int) -> None:
        from llguidance import LLTokenizer, TokenizerWrapper

        self.size, self.end = len(pieces), end
        longest_first = sorted(
            ((piece, token) for token, piece in enumerate(pieces) if piece), key=lambda p: -len(p[0])
        )

        def cut(text: str | bytes) -> list[int]:
            """Cut text greedily into these pieces."""
            rest, ids = text.encode() if isinstance(text, str) else text, list[int]()
            while rest:
                piece, token = next(((p, t) for p, t in longest_first if rest.startswith(p)), (rest[:1], -1))
                rest = rest[len(piece) :]
                ids += [token] if token >= 0 else []
            return ids

        self.tokenizer: Any = LLTokenizer(TokenizerWrapper(_Cutter(cut, pieces, end)))

    @classmethod
    def of_bytes(cls) -> "Vocabulary":
        """Take each byte as a token, one more ends."""
        return cls([*(bytes([byte]) for byte in range(BYTES)), b""], BYTES)

    @classmethod
    def of_engine(cls, engine: Any) -> "Vocabulary":
        """Read the tokens of an engine of transformers."""
        piece, special = piece_reader(engine.tokenizer), set(engine.tokenizer.all_special_ids)
        pieces = [b"" if token in special else piece(token) for token in range(engine.vocab_size)]
        return cls(pieces, min(engine.eos_ids))


class _Cutter:
    """Hold what llguidance asks of a tokenizer."""

    bos_token_id = None

    def __init__(self, cut: Callable[[str | bytes], list[int]], pieces: Sequence[bytes], end: int) -> None:
        self._cut, self.eos_token_id = cut, end
        self.tokens = [piece or f"<{token}>".encode() for token, piece in enumerate(pieces)]
        self.special_token_ids = [token for token, piece in enumerate(pieces) if not piece]

    def __call__(self, text: str | bytes) -> list[int]:
        return self._cut(text)


class JsonMask:
    """Tell which tokens may come next, as `make.text.batches.Mask`.

    Args:
        grammar: of `grammar_of`.
        vocabulary: of the model.
    """

    def __init__(self, grammar: str, vocabulary: Vocabulary) -> None:
        import llguidance.numpy
        from llguidance import LLMatcher

        self._size = vocabulary.size
        self._matcher: Any = LLMatcher(vocabulary.tokenizer, grammar, log_level=0)  # faults are raised, not printed
        self._bits = llguidance.numpy.allocate_token_bitmask(1, self._size)
        self._fill = llguidance.numpy.fill_next_token_bitmask

    def allowed(self) -> np.ndarray:
        """Give bool (V,): tokens that may come now.

        The end is among them when the text is whole.

        Raises:
            CannotWrite: none may: no token writes what must come next.
        """
        self._fill(self._matcher, self._bits, 0)
        if self._matcher.is_error() or not self._bits.any():
            raise CannotWrite(
                asked=Words("what comes next in a masked text", "掩码下的下一个词元"),
                found=Words("no token of this model writes it", "这个模型没有写得出它的词元"),
                todo=Words(
                    "name fields and values in characters that the model knows",
                    "字段名和取值改用这个模型认识的字",
                ),
            )
        return np.unpackbits(self._bits.view(np.uint8).ravel(), bitorder="little")[: self._size].astype(bool)

    def append(self, token: int) -> None:
        """Add the token that was written."""
        self._matcher.consume_token(int(token))


def grammar_of(document: Mapping[str, Any], vocabulary: Vocabulary) -> str:
    """Turn a schema into the grammar of its masks.

    Args:
        document: a JSON Schema.
        vocabulary: whose tokens shall write it.

    Raises:
        BadInput: llguidance cannot enforce it.
    """
    from llguidance import LLMatcher

    grammar = LLMatcher.grammar_from_json_schema(json.dumps(document, ensure_ascii=False), COMPACT)
    if fault := LLMatcher.validate_grammar(grammar, vocabulary.tokenizer):
        words = " ".join(fault.split())[:200]
        raise BadInput(
            asked=Words("a mask for a schema", "为 Schema 做掩码"),
            found=Words(f"llguidance cannot enforce it: {words}", f"llguidance 办不到（原话：{words}）"),
            todo=Words(
                "leave this keyword to the check after the answer: schema.ask",
                "去掉这个关键字，交给回答之后的检查：schema.ask",
            ),
        )
    return grammar


class MaskedBackend(LocalBackend):
    """Ask a model that can write only valid JSON.

    Models of transformers are masked by llguidance; those of llama.cpp by its own grammar.

    Raises:
        BadInput: the mask cannot enforce the schema; or the model sits behind a server.
    """

    def __init__(self, name: str, schema: Schema, engine: str | None = None) -> None:
        super().__init__(text_card(name), engine, chat=True)
        self.schema = schema
        self.identity = {**self.identity, "schema": schema.version}
        if self._kind == "endpoint":
            raise BadInput(
                asked=Words(f"{name} behind a mask", f"给 {name} 加掩码"),
                found=Words("a server shows no scores to mask", "服务器不给出可以掩盖的分数"),
                todo=Words("ask it with schema.ask, or choose a model here", "用 schema.ask 问它，或者换本机的模型"),
            )
        self._vocabulary = Vocabulary.of_engine(self.engine) if self._batched else None
        self._grammar = grammar_of(schema.document, self._vocabulary or Vocabulary.of_bytes())
        if self._vocabulary is not None:
            _try(self._grammar, self._vocabulary)

    def answers(self, prompts: Sequence[str], how: How) -> list[Reply]:
        """Answer prompts greedily under the mask, in their order.

        An answer longer than `how.max_new_tokens` is cut, and then no JSON.

        Raises:
            BadInput: a temperature above 0.
        """
        if how.temperature > 0:
            raise BadInput(
                asked=f"temperature={how.temperature}",
                found=Words("masked answers are greedy", "加了掩码，只取最可能的词元"),
                todo=Words("leave temperature=0", "写 temperature=0"),
            )
        start = time.perf_counter()
        rows = [self.engine.chat(how.messages(prompt)) for prompt in prompts]
        check_length(self.engine, rows, how.max_new_tokens)
        if self._vocabulary is None:
            return [self._by_grammar(row, how.max_new_tokens) for row in rows]
        masks = [JsonMask(self._grammar, self._vocabulary) for _ in rows]
        written = batches.continuations(self.engine, rows, how.max_new_tokens, masks)
        seconds = (time.perf_counter() - start) / len(prompts)
        return [Reply(self.engine.decode(ids).strip(), len(ids), seconds) for ids in written]

    def _by_grammar(self, ids: Sequence[int], most: int) -> Reply:
        start, engine = time.perf_counter(), self.engine
        body = {"prompt": list(ids), "max_tokens": most, "temperature": 0.0, "json_schema": self.schema.document}
        answer: dict[str, Any] = engine.complete(body)  # type: ignore[attr-defined]
        tokens = answer.get("usage", {}).get("completion_tokens")
        return Reply(answer["choices"][0]["text"].strip(), tokens, time.perf_counter() - start)


def _try(grammar: str, vocabulary: Vocabulary) -> None:
    """Walk at random, and refuse what the tokens cannot write."""
    rng, mask = np.random.default_rng(0), JsonMask(grammar, vocabulary)
    try:
        for _ in range(_STEPS):
            token = int(rng.choice(np.flatnonzero(mask.allowed())))
            if token == vocabulary.end:
                return
            mask.append(token)
    except CannotWrite as error:
        raise BadInput(**error.told._asdict()) from None


def masked(name: str, schema: Schema, *, calls: int | None = None, engine: str | None = None, **settings: Any) -> Asker:
    """Open a model that can write nothing but this form.

    Args:
        name: of a text card.
        schema: every answer's.
        calls: most calls in all; None is no limit.
        engine: of the card; None takes its first choice.
        settings: of `backends.How`, such as max_new_tokens, which caps an answer.

    Raises:
        UnknownName: no such model. NotOnDisk: it is not here. BadInput: it cannot be masked.
    """
    return Asker(MaskedBackend(name, schema, engine), calls=calls, how=How(**settings))


def random_texts(document: Mapping[str, Any], count: int = 40, *, limit: int = 200, seed: int = 0) -> list[str]:
    """Write with a model that knows nothing, under the mask.

    Each byte is drawn evenly among those that the mask allows.

    Args:
        document: a JSON Schema.
        count: texts, 1 to 1000.
        limit: bytes of a text; what is longer is cut.
        seed: of the draws.

    Raises:
        BadInput: llguidance cannot enforce the schema.
    """
    vocabulary, rng = Vocabulary.of_bytes(), np.random.default_rng(seed)
    grammar, texts = grammar_of(document, vocabulary), []
    for _ in range(count):
        mask, written = JsonMask(grammar, vocabulary), bytearray()
        while len(written) < limit:
            token = int(rng.choice(np.flatnonzero(mask.allowed())))
            if token == vocabulary.end:
                break
            written.append(token)
            mask.append(token)
        texts.append(written.decode(errors="replace"))
    return texts
