"""Ask any OpenAI-compatible server for a text, streamed.

It samples by itself, so nothing can be sampled by hand. Set AIGC_OPENAI_BASE_URL (such as https://host/v1),
AIGC_OPENAI_MODEL and, if the server wants one, AIGC_OPENAI_API_KEY. The key is read from the environment for each
request and kept nowhere; error texts are cleaned of it. It travels by https, or to this machine itself past any proxy.
Candidates are shown only when the server sends log-probabilities.
"""

import ipaddress
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from math import exp
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener
from urllib.request import Request as HttpRequest

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, Request, Words
from aigc_kit.make.text.autoregression import Candidate, Progress, TokenView
from aigc_kit.make.text.settings import MODEL, URL, Settings

KEY = "AIGC_OPENAI_API_KEY"
_TOP = 5  # log-probabilities per token; the most that every server allows
_WHOLE_BYTES = 1 << 22  # the longest answer that is read from a server that does not stream
_AGAIN = Words("run it again", "再运行一次")
_LATER = Words(f"check {MODEL} and the settings, or try again later", f"检查 {MODEL} 和设置，或过一会儿再试")
_REFUSED = {400, 404, 405, 422}  # statuses by which servers refuse a parameter or a path


@dataclass(frozen=True)
class Chunk:
    """Hold text, and (text, logprob, [(candidate, logprob)]) per token."""

    text: str
    tokens: tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...] = ()
    finish: str | None = None
    count: int | None = None


def body_of(model: str, request: Request, settings: Settings) -> tuple[str, dict[str, Any]]:
    """Write the request: /chat/completions, or /completions to continue."""
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
    """Parse one event of the stream.

    What is not of this protocol raises KeyError, TypeError, AttributeError or ValueError.
    """
    count = (data.get("usage") or {}).get("completion_tokens")
    if not data.get("choices"):
        return Chunk("", count=count)
    choice = data["choices"][0]
    text = (choice["delta"].get("content") if "delta" in choice else choice.get("text")) or ""
    return Chunk(text, _tokens(choice.get("logprobs") or {}), choice.get("finish_reason"), count)


def parse_whole(data: dict[str, Any]) -> Chunk:
    """Parse a whole completion as `parse` does, or raise IndexError."""
    choice = data["choices"][0]
    text = choice["message"]["content"] if "message" in choice else choice["text"]
    if not isinstance(text, str):
        raise TypeError("a completion without text")
    return parse({**data, "choices": [{**choice, "text": text}]})


def complaint_of(data: Any) -> str | None:
    """Read a server's complaint, None for a text."""
    if not isinstance(data, dict):
        return None
    words = data.get("error") or (data.get("message") if "choices" not in data else None)
    if isinstance(words, dict):
        words = words.get("message") or words.get("code") or words
    return None if words is None else str(words)


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


def finish_of(reason: str | None, settings: Settings) -> str | None:
    """Tell the model's own end from a stop text."""
    return "eos" if reason == "stop" and not settings.stop else reason


def _not_offered(what: Words) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise BadInput(
            asked=Words(f"{what} from a server", f"服务器的{what.zh}"),
            found=Words(
                "an OpenAI-compatible server returns text and samples by itself",
                "与 OpenAI 兼容的服务器自己采样，只返回文字",
            ),
            todo=Words(
                "use a local model, such as card='smollm2-135m', to sample by hand",
                "要自己动手采样，用本地的模型，例如 card='smollm2-135m'",
            ),
        )

    return refuse


class EndpointEngine:
    """Hold a model behind an OpenAI-compatible server.

    Raises:
        BadInput: the environment does not name a server and a model, or a key would travel unencrypted.
    """

    kind = "endpoint"

    def __init__(self, card: Card) -> None:
        self.card = card
        self.base, self.model = os.environ.get(URL, "").rstrip("/"), os.environ.get(MODEL, "")
        self.context = int(card.facts.max_context)
        self.vocab_size, self.eos_ids = 0, frozenset[int]()
        missing = [name for name, value in ((URL, self.base), (MODEL, self.model)) if not value]
        if missing:
            raise BadInput(
                asked=Words("a text from a server", "让服务器生成一段文字"),
                found=Words(f"{' and '.join(missing)} not set", f"没有设置 {' 和 '.join(missing)}"),
                todo=Words(
                    f"set {URL} (https://host/v1), {MODEL} and, if needed, {KEY} in the environment",
                    f"设置环境变量 {URL}（https://host/v1）和 {MODEL}，需要时再设 {KEY}",
                ),
            )
        parts = urlsplit(self.base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise BadInput(
                asked=Words(f"the server in {URL}", f"{URL} 里的服务器地址"),
                found=Words("not a plain http(s) address", "这不是一个普通的 http(s) 地址"),
                todo=Words("https://host/v1", "写成 https://host/v1 这样"),
            )
        self.host, self._encrypted = parts.hostname, parts.scheme == "https"
        self._checked_key()

    def stream(self, request: Request, settings: Settings, progress: Progress) -> Iterator[Callable[[], Any]]:
        """Ask the server and yield the preview of each chunk.

        Raises:
            BadInput: a setting that servers do not have, or raw continuation where the server only chats.
            CannotLoad: no connection, a refusal, or an answer that is not of this protocol.
        """
        if settings.search == "beam":
            raise BadInput(
                asked="search='beam'",
                found=Words("servers only sample", "服务器只会采样"),
                todo=Words("use 'sample' or 'greedy'", "改用 'sample' 或 'greedy'"),
            )
        logprobs: list[float] = []
        for chunk in self._chunks(request, settings):
            progress.finish = chunk.finish or progress.finish
            progress.count = chunk.count if chunk.count is not None else progress.count
            logprobs += [logprob for _, logprob, _ in chunk.tokens]
            if chunk.text:
                progress.text += chunk.text
                progress.logprobs = logprobs
                yield partial(_view, chunk, progress.text)
        progress.finish = finish_of(progress.finish, settings)

    encode = decode = chat = token_text = _not_offered(Words("token ids", "词元编号"))
    open = open_beams = _not_offered(Words("scores of the next token", "下一个词元的分数"))
    logprobs = _not_offered(Words("log-probabilities of a given text", "给定文字的对数概率"))

    def close(self) -> None:
        """Hold nothing, free nothing."""

    def message(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for a whole message, which may call tools.

        Args:
            body: of /chat/completions, without the model.

        Raises:
            CannotLoad: no connection, a refusal, or an answer that is not of this protocol.
        """
        try:
            answer = self._post("/chat/completions", {"model": self.model, "stream": False, **body})
        except HTTPError as error:
            raise self._refused(error) from None
        try:
            with answer:
                return dict(self._uncomplaining(json.loads(answer.read(_WHOLE_BYTES)))["choices"][0]["message"])
        except (OSError, HTTPException, ValueError, KeyError, TypeError, IndexError):
            found = Words("an answer that is not of the OpenAI protocol", "回答不符合 OpenAI 的接口")
            raise self._failed(found, Words(f"check {URL}", f"检查 {URL}")) from None

    def _chunks(self, request: Request, settings: Settings) -> Iterator[Chunk]:
        path, body = body_of(self.model, request, settings)
        extra = {"logprobs": True, "top_logprobs": _TOP} if settings.chat else {"logprobs": _TOP}
        try:
            answer = self._post(path, {**body, **extra})
        except HTTPError as error:
            if error.code not in _REFUSED:
                raise self._refused(error) from None
            error.close()
            try:  # many servers do not give log-probabilities, and refuse to be asked
                answer = self._post(path, body)
            except HTTPError as again:
                if again.code in (404, 405) and not settings.chat:
                    again.close()
                    raise BadInput(
                        asked=Words("a raw continuation from this server", "让这台服务器直接续写"),
                        found=Words(f"{self.host} has no {path}", f"{self.host} 没有 {path}"),
                        todo=Words("say chat=True", "写 chat=True"),
                    ) from None
                raise self._refused(again) from None
        with answer:
            yield from self._read(answer)

    def _checked_key(self) -> str:
        """Read the key to send now, "" for none."""
        key = _key()
        if not all("!" <= character <= "~" for character in key):
            problem = Words(
                f"{KEY} has blanks, control characters or letters outside ASCII in it",
                f"{KEY} 里有空白、控制字符或 ASCII 以外的字母",
            )
            todo = Words(f"set {KEY} anew, as the server's owner wrote it", f"重新设置 {KEY}，照服务器主人给的原样写")
        elif key and not self._encrypted and not _is_loopback(self.host):
            problem = Words("http, which sends the key unencrypted", "地址是 http：密钥会不加密就发出去")
            todo = Words(
                f"use https, or unset {KEY} if the server needs no key", f"改用 https；服务器不要密钥的话，就取消 {KEY}"
            )
        else:
            return key
        raise BadInput(
            asked=Words(f"a request to {self.host} with a key", f"带着密钥向 {self.host} 提问"),
            found=problem,
            todo=todo,
        )

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if key := self._checked_key():
            headers["Authorization"] = f"Bearer {key}"
        message = HttpRequest(self.base + path, json.dumps(body).encode(), headers)
        direct = [ProxyHandler({})] if _is_loopback(self.host) else []  # a proxy would read the key
        try:
            return build_opener(_NoRedirect, *direct).open(message, timeout=60)
        except HTTPError:
            raise
        except (URLError, OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            found = Words(f"no connection: {reason}", f"连不上（原话：{reason}）")
            raise self._failed(found, Words("check the network and the address", "检查网络和地址")) from None

    def _read(self, answer: Any) -> Iterator[Chunk]:
        """Read the chunks of a stream, or one JSON."""
        at_end, stream, rest = False, False, b""
        try:
            for raw in answer:
                if not raw.startswith(b"data:"):
                    rest += raw[: _WHOLE_BYTES - len(rest)]
                    continue
                data = raw.removeprefix(b"data:").strip()
                if data == b"[DONE]":
                    at_end = True
                    break
                chunk = parse(self._uncomplaining(json.loads(data)))
                stream, at_end = True, at_end or chunk.finish is not None
                yield chunk
            if not stream:
                yield parse_whole(self._uncomplaining(json.loads(rest)))
        except (OSError, HTTPException) as error:
            found = Words(f"the connection broke: {error}", f"连接断了（原话：{error}）")
            raise self._failed(found, _AGAIN) from None
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            found = Words("an answer that is not of the OpenAI protocol", "回答不符合 OpenAI 的接口")
            raise self._failed(found, Words(f"check {URL}", f"检查 {URL}")) from None
        if stream and not at_end:
            raise self._failed(Words("the answer ended before the text did", "文字还没写完，回答就断了"), _AGAIN)

    def _uncomplaining(self, data: Any) -> Any:
        complaint = complaint_of(data)
        if complaint is not None:
            raise self._failed(Words(f"the server says: {complaint}", f"服务器报告（原话）：{complaint}"), _LATER)
        return data

    def _refused(self, error: HTTPError) -> CannotLoad:
        with error:
            answer = error.read(2000).decode("utf-8", errors="replace")
        try:
            reason = json.loads(answer)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            reason = error.reason
        todo = Words(f"check {KEY}", f"检查 {KEY}") if error.code in (401, 403) else _LATER
        return self._failed(Words(f"HTTP {error.code}: {reason}", f"HTTP {error.code}（原话：{reason}）"), todo)

    def _failed(self, found: Words, todo: Words) -> CannotLoad:
        key = _key()
        en, zh = (text.replace(key, "***")[:500] if key else text[:500] for text in (found.en, found.zh))
        return CannotLoad(
            asked=Words(f"a text from {self.model} at {self.host}", f"{self.host} 上的 {self.model} 生成一段文字"),
            found=Words(en, zh),
            todo=todo,
        )


class _NoRedirect(HTTPRedirectHandler):
    """Follow no redirect, which would carry the key elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _key() -> str:
    return os.environ.get(KEY, "").strip()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _view(chunk: Chunk, so_far: str) -> TokenView:
    if not chunk.tokens:
        return TokenView(-1, chunk.text, so_far, None)
    _, logprob, tops = chunk.tokens[-1]
    best = tuple(Candidate(-1, text, exp(value)) for text, value in sorted(tops, key=lambda top: -top[1]))
    missing = max(0.0, 1 - sum(candidate.probability for candidate in best))
    return TokenView(-1, chunk.text, so_far, logprob, best, (), missing if best else 0.0)
