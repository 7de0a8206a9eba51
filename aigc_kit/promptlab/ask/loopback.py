"""Serve an asker on this machine, as OpenAI-compatible servers do.

with ask.serve(ask.model("tinychat", calls=500)) as address:
    address.url, address.model       # http://127.0.0.1:PORT/v1, for any client of that protocol

It listens on 127.0.0.1 only, at a free port, and stops with the block. What it does not offer it refuses by name.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aigc_kit.core.errors import AigcError, BadInput, OverBudget
from aigc_kit.promptlab.ask.asking import Answer, Asker

HOST, PATH = "127.0.0.1", "/v1/chat/completions"
LONGEST = 1 << 16  # bytes of a request
TOKENS = 512  # most new tokens of an answer
PATIENCE = 10  # seconds that a silent client is waited for
OFFERED = ("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stream", "n")


@dataclass(frozen=True)
class Address:
    """Hold where a model is served: base address and name."""

    url: str
    model: str


class _Refused(Exception):
    """Carry a status of HTTP and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@contextmanager
def serve(asker: Asker) -> Iterator[Address]:
    """Serve an asker until the block ends.

    Its budget, cache and ledger hold for what clients ask too. Requests are answered one after another.

    Args:
        asker: what answers; its settings hold where a request says nothing else.
    """
    server = ThreadingHTTPServer((HOST, 0), type("Handler", (_Handler,), {"asker": asker}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Address(f"http://{HOST}:{server.server_port}/v1", asker.model)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answer requests by an asker."""

    asker: Asker
    timeout = PATIENCE

    def do_GET(self) -> None:
        self._send(404, _error(f"only POST {PATH} is served"))

    def do_POST(self) -> None:
        try:
            values = self._body()
            prompt, changes = request_of(values, self.asker.model)
            (answer,) = self.asker.answers([prompt], **changes)
        except _Refused as error:
            self._send(error.status, _error(str(error)))
        except AigcError as error:
            status = 429 if isinstance(error, OverBudget) else 400 if isinstance(error, BadInput) else 500
            self._send(status, _error(str(error)))
        except Exception as error:
            self._send(500, _error(f"the model failed: {type(error).__name__}"))
        else:
            most = changes.get("max_new_tokens", self.asker.how.max_new_tokens)
            self._send(200, _completion(answer, most, bool(values.get("stream"))))

    def log_message(self, *_: Any) -> None:
        """Write nothing to the notebook."""

    def _body(self) -> dict[str, Any]:
        """Read the request, unless a web page sends it."""
        port = self.connection.getsockname()[1]
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}") or "Origin" in self.headers:
            raise _Refused(403, "only programs of this machine are answered, no web pages")
        if self.path != PATH:
            raise _Refused(404, f"only POST {PATH} is served")
        if self.headers.get_content_type() != "application/json":
            raise _Refused(415, "send application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise _Refused(411, "send a Content-Length")
        if len(length) > 9 or int(length) > LONGEST:
            raise _Refused(413, f"more than {LONGEST} bytes")
        try:
            raw = self.rfile.read(int(length))
            if len(raw) < int(length):
                raise _Refused(400, "the request was cut short")
            values = json.loads(raw)
        except (ValueError, RecursionError, TimeoutError):
            raise _Refused(400, "no JSON") from None
        if not isinstance(values, dict):
            raise _Refused(400, "no JSON object")
        return values

    def _send(self, status: int, body: bytes) -> None:
        stream = body.startswith(b"data:")
        self.close_connection = True
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # the client has gone
            pass


def request_of(values: dict[str, Any], model: str) -> tuple[str, dict[str, Any]]:
    """Read prompt and settings of a request, or refuse it."""
    other = sorted(set(values) - set(OFFERED))
    if other:
        raise _Refused(400, f"not offered: {', '.join(other)[:200]}")
    if values.get("model") != model:
        raise _Refused(404, f"the model here is {model!r}")
    changes: dict[str, Any] = {}
    messages = values.get("messages")
    rows = messages if isinstance(messages, list) else []
    if not all(isinstance(row, dict) and isinstance(row.get("content"), str) for row in rows):
        raise _Refused(400, "a message has no text as its content")
    if [row.get("role") for row in rows] not in (["user"], ["system", "user"]):
        raise _Refused(400, "messages: one of the user, a system message before it at most")
    if any("\ud800" <= letter <= "\udfff" for row in rows for letter in row["content"]):
        raise _Refused(400, "half a character in a message")
    if len(rows) == 2:
        changes["system"] = rows[0]["content"]
    tokens = values.get("max_completion_tokens", values.get("max_tokens"))
    if tokens is not None:
        changes["max_new_tokens"] = int(_number("max_tokens", tokens, 1, TOKENS, whole=True))
    if values.get("temperature") is not None:
        changes["temperature"] = float(_number("temperature", values["temperature"], 0, 2))
    if values.get("seed") is not None:
        changes["seed"] = int(_number("seed", values["seed"], 0, 2**31 - 1, whole=True))
    if changes.get("temperature") and values.get("top_p") not in (None, 1):
        raise _Refused(400, "not offered: top_p")
    if values.get("n") not in (None, 1):
        raise _Refused(400, "not offered: n")
    return rows[-1]["content"], changes


def _number(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> float:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise _Refused(400, f"{name}: {'an integer' if whole else 'a number'} of {low}..{high}")
    return value


def _error(message: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()


def _completion(answer: Answer, most: int, stream: bool) -> bytes:
    """Write an answer, as one JSON or as events."""
    finish = "length" if (answer.tokens or 0) >= most else "stop"
    kind = "chat.completion.chunk" if stream else "chat.completion"
    said = {"role": "assistant", "content": answer.text}
    choice = {"index": 0, "delta" if stream else "message": said, "finish_reason": finish}
    whole: dict[str, Any] = {"id": "chatcmpl-local", "object": kind, "created": int(time.time()), "model": answer.model}
    whole["choices"] = [choice]
    if answer.tokens is not None and not stream:
        whole["usage"] = {"completion_tokens": answer.tokens}
    data = json.dumps(whole).encode()
    return b"data: " + data + b"\n\ndata: [DONE]\n\n" if stream else data
