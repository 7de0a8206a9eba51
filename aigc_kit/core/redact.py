"""Keep keys out of what is written or handed on."""

import os
import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "•••"  # stands where a secret was
SHORTEST = 8  # a value shorter than this would be found inside innocent words

_WORDS = {"KEY", "KEYS", "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWD", "CREDENTIALS"}
_ENDS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_FIELDS = {"api_key", "apikey", "access_key", "token", "access_token", "secret", "password", "authorization"}
LOOKS_SECRET = re.compile(r"\b(?:sk|pk|hf|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{16,}|(?<=://)[^/@\s\"']+(?=@)")


def is_secret_name(name: str) -> bool:
    """Tell whether an environment variable holds a key.

    >>> [is_secret_name(n) for n in ("AIGC_OPENAI_API_KEY", "HF_TOKEN", "MYTOKEN", "TOKENIZERS_PARALLELISM", "PATH")]
    [True, True, True, False, False]
    """
    upper = name.upper()
    return bool(_WORDS & set(upper.split("_"))) or upper.endswith(_ENDS)


def secret_names_in(text: str) -> tuple[str, ...]:
    """List environment variables whose keys stand in a text."""
    return tuple(sorted(name for name, value in _secrets() if value in text))


def redact(value: Any) -> Any:
    """Copy a JSON value without keys.

    Blotted out: values of secret environment variables wherever they stand, fields called api_key or the like, and
    strings that look like a key or like a password in an address, prompts among them.

    >>> redact({"api_key": "x", "url": "https://me:pass@host/v1", "max_new_tokens": 5})
    {'api_key': '•••', 'url': 'https://•••@host/v1', 'max_new_tokens': 5}
    """
    return _redact(value, sorted({key for _, key in _secrets()}, key=len, reverse=True))


def _secrets() -> list[tuple[str, str]]:
    return [(name, key) for name, key in os.environ.items() if is_secret_name(name) and len(key) >= SHORTEST]


def _redact(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if key.lower() in _FIELDS and isinstance(item, str) else _redact(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_redact(item, secrets) for item in value]
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, HIDDEN)
    return LOOKS_SECRET.sub(HIDDEN, value)
