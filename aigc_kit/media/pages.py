"""Render templates under a policy that loads nothing from elsewhere."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aigc_kit.core.paths import assets

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def environment() -> Environment:
    """Make a Jinja2 environment that escapes and knows its names."""
    return Environment(
        loader=FileSystemLoader(assets() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template_text(name: str) -> str:
    """Read a template file: our own style or script."""
    return (assets() / "templates" / name).read_text(encoding="utf-8")


def policy(scripts: Sequence[str], styles: Sequence[str] | None) -> str:
    """Write a Content-Security-Policy that allows only what is ours.

    These scripts and styles (the exact text between the tags), pictures and sound from within the page, no requests.
    `styles`: None allows every style inside the page, which tables and plots of a notebook bring along.

    Source: CSP Level 3, hash sources.
    """
    ours = [" ".join(map(_hash, texts)) or "'none'" for texts in (scripts, styles or ())]
    ours[1] = ours[1] if styles is not None else "'unsafe-inline'"
    return (
        f"default-src 'none'; script-src {ours[0]}; style-src {ours[1]}; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def markup(text: str) -> Markup:
    """Mark our own style or script as safe, nothing else."""
    return Markup(text)


def safe(view: Any) -> Any:
    """Mark a `View` as safe, its data JSON without "<"."""
    if "<" in view.data:
        raise ValueError("data of a view must not hold '<'")
    return replace(view, data=markup(view.data))


def visible(text: str) -> str:
    """Write out what a page would hide, normalise line ends.

    Hidden are controls, marks of writing direction and invisible signs.

    >>> visible("a\\u202eb\\r\\nc\\x00")
    'a[U+202E]b\\nc[U+0000]'
    """
    return _HIDDEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text.replace("\r\n", "\n").replace("\r", "\n"))


def paragraphs(text: str) -> list[str]:
    """Split a text into its lines, visible, without empty ones.

    >>> paragraphs(" one\\n\\ntwo ")
    ['one', 'two']
    """
    return [line.strip() for line in visible(text).split("\n") if line.strip()]
