"""`make lab` starts a server that only this machine reaches, and only with its token."""

import urllib.error
import urllib.request

import psutil
import pytest
from lab_server import lab_server


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
        root = psutil.Process(server.process.pid)
        listening = {
            connection.laddr.ip
            for one in (root, *root.children(recursive=True))
            for connection in one.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }
    assert listening <= {"127.0.0.1", "::1"} and listening
