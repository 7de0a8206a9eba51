"""The browser edition in Firefox, driven by its own protocol (Marionette), where Firefox is installed."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from browsing import SEEN, environment

from aigc_kit import cards, fetch
from aigc_kit.teach.site import playgrounds

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
READY = (
    "const wait = () => document.querySelector('#main[data-ready], .trouble') ? done() : setTimeout(wait, 50); wait();"
)


class Firefox:
    """Send commands and read answers: a message is its length, a colon, and JSON."""

    def __init__(self, profile: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # What a browser asks for by itself (updates, safe browsing) goes nowhere: a proxy that is not there.
        lines = {"marionette.port": port, "network.proxy.type": 1, "network.proxy.http": "127.0.0.1"}
        lines |= {"network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9}
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in lines.items())
        )
        command = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
        variables = {**environment(), "HOME": str(profile)}
        self.process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), 600)
                break
            except OSError:
                time.sleep(0.1)
        self.number = 0
        self._read()
        self.send("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
        self.send("WebDriver:SetTimeouts", script=600_000, pageLoad=600_000)

    def _read(self):
        length = b""
        while (sign := self.socket.recv(1)) != b":":
            length += sign
        data = b""
        while len(data) < int(length):
            data += self.socket.recv(int(length) - len(data))
        return json.loads(data)

    def send(self, command, **values):
        self.number += 1
        message = json.dumps([0, self.number, command, values])
        self.socket.sendall(f"{len(message)}:{message}".encode())
        _, _, error, answer = self._read()
        assert error is None, error
        return answer

    def run(self, body):
        """Run a body that ends with `done(answer)`."""
        script = f"const done = arguments[arguments.length - 1]; {body}"
        return self.send("WebDriver:ExecuteAsyncScript", script=script, args=[], sandbox=None)["value"]

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def firefox(tmp_path):
    if FIREFOX is None:
        pytest.skip("no Firefox on this machine: apt-get install firefox-esr")
    if os.environ.get("AIGC_SLOW") != "1":
        pytest.skip("building takes a minute a page: AIGC_SLOW=1 runs it")
    pytest.importorskip("onnxscript", reason="pip install 'aigc-kit[site]'")
    if fetch.find(cards.get(playgrounds.ORT)) is None:
        pytest.skip("onnxruntime-web is not on disk; run: aigc fetch ort-web")
    browser = Firefox(tmp_path)
    yield browser
    browser.close()


def test_firefox_draws_the_kits_picture(firefox, tmp_path):
    from aigc_kit import image
    from aigc_kit.teach import site

    folder = Path(os.environ.get("AIGC_SITE") or tmp_path).absolute()
    if not (folder / "picture.html").is_file():
        site.build(folder, ["picture"], lambda words: None)
    firefox.send("WebDriver:Navigate", url=(folder / "picture.html").as_uri())
    firefox.run(READY)
    began = time.perf_counter()
    value = firefox.run("window.page.page.draw().then(() => done(JSON.stringify(Array.from(window.page.page.rgba))));")
    print(f"{time.perf_counter() - began:.1f} s for the first picture, after loading")
    pixels = np.array(json.loads(value), np.uint8).reshape(128, 128, 4)[..., :3]
    truth = image.make("一张可爱小狗在花丛中玩耍的照片", card="tinysdxl", seed=42, steps=20).data[0]
    assert np.abs(pixels.astype(int) - truth).max() <= 1
    asked = firefox.run("done(performance.getEntriesByType('resource').map((entry) => entry.name));")
    assert asked == []
    SEEN.mkdir(parents=True, exist_ok=True)
    shot = firefox.send("WebDriver:TakeScreenshot", full=True)["value"]
    (SEEN / "site-picture-firefox.png").write_bytes(base64.b64decode(shot))
