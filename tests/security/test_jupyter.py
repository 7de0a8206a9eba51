"""`make lab` starts a server that only this machine reaches, and only with its token."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


def arguments_of_make_lab() -> list[str]:
    """What `make lab` gives to jupyter, read from the Makefile."""
    line = re.search(r"\$\(BIN\)/jupyter (lab .*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    return shlex.split(line[1].replace("$(CURDIR)", str(ROOT)))


def answer(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as found:
            return found.status
    except urllib.error.HTTPError as error:
        return error.code


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def server(tmp_path):
    """(port, token, process) of the server that `make lab` starts, without its browser."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    environment = {**os.environ, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    for name in ("JUPYTER_TOKEN", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "jupyter", *arguments_of_make_lab(), *more]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said, deadline = "", time.monotonic() + 90
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/lab\?token=(\w+)", said)):
            assert process.poll() is None and time.monotonic() < deadline, said[-2000:]
            said += process.stderr.readline()
        while not _accepts(int(found[1])):  # the address is printed a little before the server listens
            assert process.poll() is None and time.monotonic() < deadline, said[-2000:]
            time.sleep(0.1)
        yield int(found[1]), found[2], process
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def test_the_lab_is_on_loopback_and_wants_its_token(server):
    port, token, process = server
    assert len(token) >= 40
    assert answer(f"http://127.0.0.1:{port}/api/contents?token={token}") == 200
    assert answer(f"http://127.0.0.1:{port}/api/contents") == 403
    assert answer(f"http://127.0.0.1:{port}/api/kernels?token=wrong") == 403
    listening = {
        connection.laddr.ip
        for one in (psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True))
        for connection in one.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1"} and listening
