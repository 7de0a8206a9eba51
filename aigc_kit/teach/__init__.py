"""Show what the learner and the teacher see.

`from aigc_kit.teach import lab02a, page` gives a lab's figures and widgets, and what labs share.
"""

import re
from importlib import import_module
from typing import Any

_SHARED = ("page", "plots", "vram", "xray")


def __getattr__(name: str) -> Any:
    if name in _SHARED:
        return import_module(f"aigc_kit.teach.show.{name}")
    if re.fullmatch(r"lab\d\d[a-z]?", name):
        return import_module(f"aigc_kit.teach.labs.{name}")
    raise AttributeError(f"module 'aigc_kit.teach' has no attribute {name!r}")
