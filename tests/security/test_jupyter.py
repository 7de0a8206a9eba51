"""`make lab` starts a server that only this machine reaches, and only with its token."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace

import psutil
import pytest
from lab_server import Server, lab_server


def answer(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as found:
            return found.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning")
def test_the_lab_is_on_loopback_and_wants_its_token(tmp_path):
    with lab_server(tmp_path) as server:
        assert len(server.token) >= 40
        assert answer(server.url("api/contents")) == 200
        assert answer(f"http://127.0.0.1:{server.port}/api/contents") == 403
        assert answer(f"http://127.0.0.1:{server.port}/api/kernels?token=wrong") == 403
        listening = server.addresses()
    assert listening <= {"127.0.0.1", "::1"} and listening


def test_a_child_that_ends_while_we_look_does_not_hide_the_others(monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    gone = psutil.Process(ended.pid)
    ended.communicate(b"\n")
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [gone])
    with pytest.raises(psutil.NoSuchProcess):
        gone.net_connections()
    with socket.socket() as open_one:
        open_one.bind(("127.0.0.1", 0))
        open_one.listen()
        assert "127.0.0.1" in Server(0, "", SimpleNamespace(pid=psutil.Process().pid)).addresses()
