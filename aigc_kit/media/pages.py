"""Templates, and a policy that lets nothing run or load but what the page brought along."""

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
    """Make a Jinja2 environment that escapes every value.

    A name that is not there is an error.
    """
    return Environment(
        loader=FileSystemLoader(assets() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template_text(name: str) -> str:
    """Read a file of the templates: our own style or script."""
    return (assets() / "templates" / name).read_text(encoding="utf-8")


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Write a Content-Security-Policy that allows only what is ours.

    These scripts and styles, pictures and sound from within the page, no requests.

    Args:
        scripts, styles: the exact text between the tags.

    Source: CSP Level 3, hash sources.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts)) or _NONE}",
            f"style-src {' '.join(map(_hash, styles)) or _NONE}",
            "img-src data:",
            "media-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


_NONE = "'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def markup(text: str) -> Markup:
    """Mark our own style or script as safe.

    Never for what a model or a learner wrote.
    """
    return Markup(text)


def safe(view: Any) -> Any:
    """Mark a `View` as safe for a page.

    Its data, JSON without "<", is put in as it is.
    """
    if "<" in view.data:
        raise ValueError("data of a view must not hold '<'")
    return replace(view, data=markup(view.data))


def visible(text: str) -> str:
    """Write out what a page would hide.

    Controls, marks of writing direction and invisible signs; line ends are made equal.

    >>> visible("a\\u202eb\\r\\nc\\x00")
    'a[U+202E]b\\nc[U+0000]'
    """
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n").replace("\r", "\n"))


def paragraphs(text: str) -> list[str]:
    """Split a text into its lines, made visible.

    Empty ones are left out.

    >>> paragraphs(" one\\n\\ntwo ")
    ['one', 'two']
    """
    return [line.strip() for line in visible(text).split("\n") if line.strip()]
