"""Take feedback over HTTP on this machine, in Dify's shape.

    with desk(store) as url:
        POST {url}/messages/m1/feedbacks  {"rating": "dislike", "user": "u7", "content": "…"}

It listens on 127.0.0.1 alone, at a free port, and stops with the block. A client that sends the same request again
names it by the header Idempotency-Key; without one, equal bodies are one event.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

from aigc_kit.core.errors import AigcError, BadInput, UnknownName
from aigc_kit.promptlab.feedback.event_store import FeedbackStore

_HOST, _PATH = "127.0.0.1", re.compile(r"/v1/messages/([^/?#]{1,300})/feedbacks")
_LONGEST = 1 << 16  # bytes of a request
_PATIENCE = 10  # seconds that a silent client is waited for


@contextmanager
def desk(store: FeedbackStore) -> Iterator[str]:
    """Take feedback until the block ends, and yield the address."""
    server = ThreadingHTTPServer((_HOST, 0), type("Desk", (_Desk,), {"store": store}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{_HOST}:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Desk(BaseHTTPRequestHandler):
    store: FeedbackStore
    timeout = _PATIENCE

    def do_POST(self) -> None:
        try:
            message, values, raw = self._request()
            event = self.headers.get("Idempotency-Key") or hashlib.sha256(message.encode() + b"\0" + raw).hexdigest()
            self.store.rate(
                message,
                values.get("rating"),
                user=values.get("user", ""),
                event=event,
                content=values.get("content") or "",
            )
        except _Refused as error:
            self._send(error.status, {"code": "refused", "message": str(error)})
        except UnknownName as error:
            self._send(404, {"code": "message_not_exists", "message": str(error)})
        except AigcError as error:
            self._send(400 if isinstance(error, BadInput) else 500, {"code": "invalid_param", "message": str(error)})
        else:
            self._send(200, {"result": "success"})

    def log_message(self, *_: Any) -> None:
        """Write nothing to the notebook."""

    def _request(self) -> tuple[str, dict[str, Any], bytes]:
        """Read the request, unless a web page sends it."""
        port = self.connection.getsockname()[1]
        if self.headers.get("Host") not in (f"{_HOST}:{port}", f"localhost:{port}") or "Origin" in self.headers:
            raise _Refused(403, "only programs of this machine are answered, no web pages")
        path = _PATH.fullmatch(self.path)
        if path is None:
            raise _Refused(404, "only POST /v1/messages/{id}/feedbacks is served")
        if self.headers.get_content_type() != "application/json":
            raise _Refused(415, "send application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > _LONGEST:
            raise _Refused(413, f"send a Content-Length of {_LONGEST} bytes at most")
        try:
            raw = self.rfile.read(int(length))
            values = json.loads(raw)
        except (ValueError, RecursionError, TimeoutError):
            raise _Refused(400, "no JSON") from None
        if not isinstance(values, dict):
            raise _Refused(400, "no JSON object")
        return unquote(path[1]), values, raw

    def _send(self, status: int, values: dict[str, Any]) -> None:
        body = json.dumps(values, ensure_ascii=False).encode()
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
