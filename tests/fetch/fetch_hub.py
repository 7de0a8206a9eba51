"""A hub on the loopback address that answers as the real one does: the listing, and files with range requests."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from fetch_making import sha256

REPOSITORY, REVISION = "owner/thing", "v1.0"


class Hub:
    """Serves `files`; `faults[what]` is a list of misdeeds for the next requests of a path, or of "listing".

    A misdeed is a status code, ("cut", n) to hang up after n bytes, or ("bytes", data) to send something else.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.faults, self.asked = files, {}, []
        self.hashes = True
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def ranges(self, path: str) -> list[str | None]:
        """The Range headers of the requests for a file, in order."""
        return [header for what, header in self.asked if what == path]

    def _handler(hub):  # noqa: N805 - the handler needs both selves
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
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
                    return
                if fault:
                    self.send(200, fault[1])
                    return
                files = [{"Path": "sub", "Type": "tree", "Size": 0}]
                for path, data in hub.files.items():
                    entry = {"Path": path, "Name": path, "Type": "blob", "Size": len(data)}
                    files.append({**entry, "Sha256": sha256(data)} if hub.hashes else entry)
                self.send(200, json.dumps({"Code": 200, "Success": True, "Data": {"Files": files}}).encode())

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
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
                self.send_response(206 if wanted else 200)
                if wanted:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                if fault and fault[0] == "cut":
                    self.wfile.write(data[start : start + fault[1]])
                    self.close_connection = True
                else:
                    self.wfile.write(data[start:])

            def send(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
