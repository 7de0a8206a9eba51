"""A hub on the loopback address that answers as the real one does: the listing, and files with range requests."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from fetch_making import sha256

REPOSITORY, REVISION = "owner/thing", "v1.0"


class Hub:
    """Serves `files`; `faults[what]` is a list of misdeeds for the next requests of a path, or of "listing".

    A misdeed is a status code, or a tuple:
        ("cut", n)          hang up after n bytes               ("bytes", data)    send something else
        ("pause", n)        fall silent after n bytes, until    ("slow", n, s)     n bytes at a time, s seconds between
                            `release` is set                    ("whole",)         ignore the range that was asked for
        ("nothing",)        hang up without an answer           ("redirect", url)  send somewhere else
        ("mute",)           take the request and say nothing    ("gzip",)          claim a compression that is none
    `paused` is set when a request has fallen silent.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.faults, self.asked = files, {}, []
        self.hashes = True
        self.release, self.paused = threading.Event(), threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def ranges(self, path: str) -> list[str | None]:
        """The Range headers of the requests for a file, in order."""
        return [header for what, header in self.asked if what == path]

    def listing_of(self, change=lambda path, entry: entry) -> bytes:
        """The listing as JSON, each entry as `change` leaves it."""
        files = [{"Path": "sub", "Type": "tree", "Size": 0}]
        for path, data in self.files.items():
            entry = {"Path": path, "Name": path, "Type": "blob", "Size": len(data)}
            files.append(change(path, {**entry, "Sha256": sha256(data)} if self.hashes else entry))
        return json.dumps({"Code": 200, "Success": True, "Data": {"Files": files}}).encode()

    def _handler(hub):  # noqa: N805 - the handler needs both selves
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                with suppress(BrokenPipeError, ConnectionResetError):  # the other side was killed
                    self.answer()

            def answer(self):
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                if url.path == f"/api/v1/models/{REPOSITORY}/repo/files" and query["Revision"] == REVISION:
                    self.listing()
                elif url.path == f"/api/v1/models/{REPOSITORY}/repo" and query["Revision"] == REVISION:
                    self.file(query["FilePath"])
                else:
                    self.send(404, json.dumps({"Code": 404, "Message": "not found"}).encode())

            def misdeed(self, what):
                return hub.faults[what].pop(0) if hub.faults.get(what) else None

            def listing(self):
                hub.asked.append(("listing", None))
                fault = self.misdeed("listing")
                if isinstance(fault, int):
                    self.send(fault, b'{"Code": 1, "Message": "sorry"}')
                elif fault and fault[0] == "bytes":
                    self.send(200, fault[1])
                elif not fault or not self.refuse(fault):
                    self.deliver(fault, hub.listing_of(), None)

            def file(self, path):
                wanted = self.headers.get("Range")
                hub.asked.append((path, wanted))
                fault = self.misdeed(path)
                data = hub.files.get(path)
                if isinstance(fault, int) or data is None:
                    self.send(fault or 404, b'{"Code": 1, "Message": "sorry"}')
                    return
                if fault and fault[0] == "bytes":
                    data = fault[1]
                if not fault or not self.refuse(fault):
                    self.deliver(fault, data, None if fault == ("whole",) else wanted)

            def refuse(self, fault):
                """Whether the misdeed is an answer without content."""
                if fault[0] == "redirect":
                    self.send_response(302)
                    self.send_header("Location", fault[1])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif fault[0] in ("nothing", "mute"):
                    if fault[0] == "mute":
                        hub.paused.set()
                        hub.release.wait(60)
                    self.close_connection = True
                else:
                    return False
                return True

            def deliver(self, fault, data, wanted):
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
                self.send_response(206 if wanted else 200)
                if wanted:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                if fault and fault[0] == "gzip":
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                data = data[start:]
                if fault and fault[0] in ("cut", "pause"):
                    self.wfile.write(data[: fault[1]])
                    self.wfile.flush()
                    if fault[0] == "pause":
                        hub.paused.set()
                        hub.release.wait(60)
                    self.close_connection = True
                elif fault and fault[0] == "slow":
                    for at in range(0, len(data), fault[1]):
                        self.wfile.write(data[at : at + fault[1]])
                        self.wfile.flush()
                        time.sleep(fault[2])
                else:
                    self.wfile.write(data)

            def send(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
