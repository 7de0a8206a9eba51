"""`aigc app` starts a server that only this machine reaches, and only with its token."""

import urllib.error
import urllib.request

import psutil
import pytest
from app_server import app_server

pytest.importorskip("voila", reason="Voilà is not installed: pip install 'aigc-kit[app]'")
KERNEL = "api/kernels/00000000-0000-0000-0000-000000000000"
PATHS = ("", KERNEL, f"{KERNEL}/channels", "voila/execution/00000000-0000-0000-0000-000000000000")


def answer(url: str) -> tuple[int, str]:
    """Status, and the address where it ended: a page that wants a token sends to the form that asks for it."""
    try:
        with urllib.request.urlopen(url, timeout=10) as found:
            return found.status, found.url
    except urllib.error.HTTPError as error:
        return error.code, error.url


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning")
def test_the_app_is_on_loopback_and_wants_its_token(tmp_path):
    with app_server(tmp_path, "03") as server:
        root = f"http://127.0.0.1:{server.port}/"
        for path in PATHS:
            for token in ("", "?token=wrong"):
                status, ended = answer(root + path + token)
                assert status == 403 or "/login" in ended, f"{path}{token}: {status} {ended}"
        assert answer(server.url(KERNEL))[0] == 404  # let in, and there is no such kernel
        process = psutil.Process(server.process.pid)
        assert server.addresses() == {"127.0.0.1"}
        assert server.token not in " ".join(process.cmdline())
        assert process.children() == []  # nobody who came without the token started a kernel
