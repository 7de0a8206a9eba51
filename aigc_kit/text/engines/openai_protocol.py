"""The part of the OpenAI protocol that the endpoint engine speaks: request bodies, and chunks of a streamed answer."""

from dataclasses import dataclass
from typing import Any

from aigc_kit.text.settings import Settings
from aigc_kit.types import Request


@dataclass(frozen=True)
class Chunk:
    """A piece of the answer: its text, and (text, logprob, [(candidate, logprob)]) per token when the server says."""

    text: str
    tokens: tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...] = ()
    finish: str | None = None
    count: int | None = None


def body_of(model: str, request: Request, settings: Settings) -> tuple[str, dict[str, Any]]:
    """Path and JSON body of a request: /chat/completions, or /completions for a raw continuation."""
    body: dict[str, Any] = {
        "model": model,
        "temperature": 0 if settings.search == "greedy" else settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_new_tokens,
        "seed": request.seed,
        "stream": True,
    }
    if settings.stop:
        body["stop"] = list(settings.stop)
    if settings.top_k is not None:  # no part of the protocol, but DashScope and local servers know it
        body["top_k"] = settings.top_k
    if settings.repetition_penalty != 1:
        body["repetition_penalty"] = settings.repetition_penalty
    if not settings.chat:
        return "/completions", {**body, "prompt": request.prompt}
    system = [{"role": "system", "content": settings.system}] if settings.system else []
    return "/chat/completions", {**body, "messages": [*system, {"role": "user", "content": request.prompt}]}


def parse(data: dict[str, Any]) -> Chunk:
    """One event of the stream.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it is not of this protocol.
    """
    count = (data.get("usage") or {}).get("completion_tokens")
    if not data.get("choices"):
        return Chunk("", count=count)
    choice = data["choices"][0]
    text = (choice["delta"].get("content") if "delta" in choice else choice.get("text")) or ""
    return Chunk(text, _tokens(choice.get("logprobs") or {}), choice.get("finish_reason"), count)


def parse_whole(data: dict[str, Any]) -> Chunk:
    """A whole completion from a server that does not stream.

    Raises:
        KeyError, TypeError, AttributeError, ValueError, IndexError: it is not of this protocol.
    """
    choice = data["choices"][0]
    text = choice["message"]["content"] if "message" in choice else choice["text"]
    if not isinstance(text, str):
        raise TypeError("a completion without text")
    return parse({**data, "choices": [{**choice, "text": text}]})


def complaint_of(data: Any) -> str | None:
    """What a server says went wrong, in an answer that should be a text; None when it is no complaint."""
    if not isinstance(data, dict):
        return None
    said = data.get("error") or (data.get("message") if "choices" not in data else None)
    if isinstance(said, dict):
        said = said.get("message") or said.get("code") or said
    return None if said is None else str(said)


def _tokens(logprobs: dict[str, Any]) -> tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...]:
    if logprobs.get("content"):  # chat, and llama.cpp's completions
        return tuple(
            (
                entry["token"],
                float(entry["logprob"]),
                tuple((top["token"], float(top["logprob"])) for top in entry.get("top_logprobs") or ()),
            )
            for entry in logprobs["content"]
        )
    tokens, values = logprobs.get("tokens") or (), logprobs.get("token_logprobs") or ()
    tops = logprobs.get("top_logprobs") or [{}] * len(tokens)
    return tuple(
        (token, float(value), tuple((t, float(v)) for t, v in (top or {}).items()))
        for token, value, top in zip(tokens, values, tops, strict=False)
        if value is not None
    )


def finish_of(said: str | None, settings: Settings) -> str | None:
    """Servers say "stop" for the model's own end and for a stop text alike."""
    if said == "stop":
        return "stop" if settings.stop else "eos"
    return said
