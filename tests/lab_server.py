"""The notebook server of `make lab`, without its browser, for tests."""

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """Where it listens, the token that it wants, its process, and the page that it opens."""

    port: int
    token: str
    process: subprocess.Popen
    first: str = "lab"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def addresses(self) -> set[str]:
        """Where it and its children listen. A child that ends while we look listens nowhere."""
        root, found = psutil.Process(self.process.pid), set()
        for one in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                found |= {c.laddr.ip for c in one.net_connections(kind="inet") if c.status == psutil.CONN_LISTEN}
        return found


def arguments_of_make_lab() -> list[str]:
    """What `make lab` gives to aigc, read from the Makefile."""
    line = re.search(r"^lab:.*\n\t\$\(BIN\)/aigc (lab .*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    return shlex.split(line[1].replace("$(LABS)", ""))


@contextmanager
def lab_server(home: Path, *more: str, folder: Path | None = None, **environment: str) -> Iterator[Server]:
    """Start it with a home of its own; it serves `folder` in place of the clone; `more` are options of jupyter."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--ServerApp.port={port}", "--allow-root", *more]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    plain |= {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), **environment}
    if folder is not None:
        options.append(f"--ServerApp.root_dir={folder}")
    given = [*arguments_of_make_lab(), *(f"--jupyter={option}" for option in options)]
    command = [sys.executable, "-m", "aigc_kit", *given]
    process = subprocess.Popen(
        command, cwd=ROOT, env=plain, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said, deadline = "", time.monotonic() + 900
    reader = threading.Thread(target=process.stderr.read, daemon=True)
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/(lab\S*)\?token=(\w+)", said)):
            assert process.poll() is None and time.monotonic() < deadline, said[-2000:]
            said += process.stderr.readline()
        reader.start()  # a full pipe would stop the server
        while not accepts(int(found[1])):  # the address is printed a little before the server listens
            assert process.poll() is None and time.monotonic() < deadline, said[-2000:]
            time.sleep(0.1)
        yield Server(int(found[1]), found[3], process, found[2])
    finally:
        process.terminate()
        process.wait(300)
        if reader.ident is not None:
            reader.join(10)
        process.stderr.close()


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
