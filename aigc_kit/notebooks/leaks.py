"""What must not stand in a notebook that others get: paths of a machine, addresses of servers, keys."""

import re
from collections.abc import Iterator

from aigc_kit.redact import LOOKS_SECRET

_ADDRESS = re.compile(r"\b(?:https?|ftp|ssh)://[^\s\"'<>)]+", re.IGNORECASE)
_ROOTS = "home|root|Users|Volumes|tmp|work|var|opt|mnt|media|usr|srv|private|data|content|kaggle|workspace|scratch"
_PATHS = (
    re.compile(rf"(?<![A-Za-z0-9_./~-])/(?:{_ROOTS})/[^\s\"'<>),;]+"),
    re.compile(r"\bfile:/+[^\s\"'<>),;]+", re.IGNORECASE),
    re.compile(
        r"(?<![A-Za-z0-9])[A-Za-z]:(?:\\{1,2}|/)(?:Users|Windows|Program Files|Temp)(?:\\|/)[^\s\"'<>]*", re.IGNORECASE
    ),
)
_HOSTS = (
    re.compile(r"\b(?:https?|ftp|ssh)://(?!127\.0\.0\.1|localhost|www\.w3\.org)[^\s\"'<>)]+", re.IGNORECASE),
    re.compile(
        r"(?:\b(?:src|srcset|href|action|poster|data)\s*=\s*[\"']?|\burl\(\s*[\"']?)//\w[^\s\"'<>)]*", re.IGNORECASE
    ),
)
_KEYS = (LOOKS_SECRET, re.compile(r"\bBearer\s+[A-Za-z0-9._-]{16,}|\bAKIA[0-9A-Z]{16}\b"))


def leaks(text: str, *, hosts: bool) -> Iterator[tuple[str, str]]:
    """("path" | "host" | "key", a start of it) for each kind that a text has; a key is never given in full.

    Args:
        text: an output, or a line that a person wrote.
        hosts: whether addresses of servers count; prose may cite pages.
    """
    bare = _ADDRESS.sub(" ", text)  # what follows a host is no path of this machine
    places = (("path", _PATHS, bare), ("host", _HOSTS if hosts else (), text), ("key", _KEYS, text))
    for kind, patterns, where in places:
        match = next((match for match in (pattern.search(where) for pattern in patterns) if match), None)
        if match:
            yield kind, match.group()[:4] + "..." if kind == "key" else match.group()[:80]
