"""Show a lab as an app by Voilà, code hidden."""

import secrets
import socket
import tempfile
import threading
import time
import webbrowser
from copy import deepcopy
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput, missing_extra
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.attachments import attach

HOST = "127.0.0.1"


def serve(path: Path, port: int | None = None, *, browser: bool = True) -> None:
    """Show a notebook as an app until Ctrl-C.

    Every page that is opened gets a kernel of its own. The address, with a new token, is printed, and opened by
    `browser`. Cells tagged `slow` are left out. Without a `port` a free one is taken.

    Raises:
        MissingExtra: Voilà is not installed.
        BadInput: no such notebook, or the port cannot be had.
    """
    try:
        from traitlets.config import Config
        from voila.app import Voila
    except ImportError:
        raise missing_extra("voila", "app", f"show {path.name} as an app") from None
    copy = prepared(cells.read(path), path.parent)
    port = _free(port)
    token = secrets.token_hex(24)
    address = f"http://{HOST}:{port}/?token={token}"
    print(f"{path.name} as an app, on this machine only: {address}\nCtrl-C ends it.", flush=True)
    if browser:
        threading.Thread(target=_open_when_ready, args=(port, address), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="aigc-app-") as folder:
        target = cells.write(copy, Path(folder) / path.name)
        Voila.launch_instance([str(target)], config=Config(settings(port, token)))


def settings(port: int, token: str) -> dict[str, dict[str, Any]]:
    """Tell Voilà everything, whatever the machine's files say.

    The policy of the page forbids it to ask anything of another machine: Voilà's template links style sheets of a CDN.
    Without the token every page and socket answers 403 or the form that asks for it.
    """
    policy = f"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval' ws://{HOST}:{port}"
    return {
        "Voila": {
            "ip": HOST,
            "port": port,
            "port_retries": 0,
            "token": token,
            "open_browser": False,
            "config_file_paths": [],
            # no pings: a page whose cells take longer than three of them would be cut off
            "tornado_settings": {"headers": {"Content-Security-Policy": policy}, "ws_ping_interval": 0},
            "log_level": "WARN",
        },
        "VoilaConfiguration": {"strip_sources": True, "show_tracebacks": True, "progressive_rendering": True},
    }


def prepared(notebook: cells.Notebook, home: Path) -> cells.Notebook:
    """Copy a notebook: no outputs or slow cells, pictures inside.

    Pictures in its prose are relative to `home`.
    """
    copy = deepcopy(notebook)
    cells.clear_outputs(copy)
    copy.cells = [cell for cell in copy.cells if "slow" not in cells.tags(cell)]
    attach(copy, home)  # Voilà serves no file from elsewhere
    return copy


def _free(port: int | None) -> int:
    """Choose the port, or any that is free."""
    try:
        with socket.socket() as trial:
            trial.bind((HOST, port or 0))
            return trial.getsockname()[1]
    except (OSError, OverflowError) as error:
        raise BadInput(asked=f"port {port}", found=str(error), todo="choose another, or none for a free one") from None


def _open_when_ready(port: int, address: str) -> None:
    """Open the browser as soon as the server listens."""
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex((HOST, port)) == 0:
                webbrowser.open(address)
                return
        time.sleep(0.1)
