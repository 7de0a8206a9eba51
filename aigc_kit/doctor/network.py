"""Ask side by side which sources answer, within a second."""

import os
import socket
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from aigc_kit.core import paths

State = Literal["ok", "note", "bad"]
NETWORK_SECONDS = 1.2


@dataclass(frozen=True)
class Finding:
    """Hold a line: "ok", "note" or "bad" is its state.

    A note works, but is worth knowing; what is bad will not work.
    """

    section: str
    name: str
    state: State
    text: str


def start_reaching() -> dict[str, tuple[threading.Thread, list[str]]]:
    """Begin to connect to each source in its own thread."""
    if paths.offline():
        return {}
    threads = {}
    for name, url in (("ModelScope", _modelscope_url()), ("package index", _index_url())):
        answer: list[str] = []
        threads[name] = (threading.Thread(target=_reach, args=(url, answer), daemon=True), answer)
        threads[name][0].start()
    return threads


def _reach(url: str | None, answer: list[str]) -> None:
    if not url:
        answer.append("no address is set")
        return
    try:
        parts = urlsplit(url if "://" in url else f"file://{url}")
        if parts.scheme == "file":
            answer.append("" if Path(parts.path).exists() else f"no folder {parts.path}")
            return
        with socket.create_connection((parts.hostname, parts.port or (80 if parts.scheme == "http" else 443)), 1.0):
            answer.append("")
    except (OSError, ValueError) as error:  # ValueError: an address that is none, such as a port "abc"
        answer.append(f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}")


def sources(reach: dict[str, tuple[threading.Thread, list[str]]]) -> Iterator[Finding]:
    """Collect what the threads of `start_reaching` found."""
    if not reach:
        yield Finding("sources", "network", "note", "offline (AIGC_OFFLINE is set)")
    for name, (thread, answer) in reach.items():
        thread.join(NETWORK_SECONDS)
        if thread.is_alive():
            yield Finding("sources", name, "note", f"no answer within {NETWORK_SECONDS} s")
        elif why := (answer or ["no answer"])[0]:
            yield Finding("sources", name, "note", f"not reachable ({why}); what is on disk still works")
        else:
            yield Finding("sources", name, "ok", "reachable")


def _modelscope_url() -> str | None:
    try:
        from modelscope_hub.constants import DEFAULT_ENDPOINT
    except ImportError:
        return os.environ.get("MODELSCOPE_ENDPOINT")
    return os.environ.get("MODELSCOPE_ENDPOINT") or os.environ.get("MODELSCOPE_DOMAIN") or DEFAULT_ENDPOINT


def _index_url() -> str | None:
    if address := os.environ.get("PIP_INDEX_URL"):
        return address
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from pip._internal.models.index import PyPI
        except ImportError:  # an environment without pip
            return None
    return PyPI.simple_url
