"""Text of unknown origin as text: what cannot be seen becomes visible, so that nothing hides or turns round."""

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text with controls, marks of writing direction and invisible signs written out; line ends made equal.

    >>> visible("a\\u202eb\\r\\nc\\x00")
    'a[U+202E]b\\nc[U+0000]'
    """
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n").replace("\r", "\n"))


def paragraphs(text: str) -> list[str]:
    """The lines of a text that are not empty, made visible.

    >>> paragraphs(" one\\n\\ntwo ")
    ['one', 'two']
    """
    return [line.strip() for line in visible(text).split("\n") if line.strip()]
