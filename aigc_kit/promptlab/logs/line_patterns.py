"""Read lines by patterns, refuse what is no line."""

import re
from collections.abc import Sequence

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab import bounded_regex

PATTERN = (
    r"^(?P<ts>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) \| (?P<svc>[\w.\-]+) \| "
    r"(?P<level>DEBUG|INFO|WARN|ERROR) \| (?P<msg>.+)$"
)
"""The course's pattern, its group names and the levels WARN and DEBUG put back."""

LONGEST = 10_000  # characters of a line


def by_pattern(line: str, patterns: Sequence[str] = (PATTERN,)) -> dict[str, str] | None:
    """Read a line by the first pattern that fits.

    A pattern has no confidence: it fits or not.

    >>> by_pattern("2024-01-01 12:00:00 | svc-name | ERROR | message")["level"]
    'ERROR'

    Raises:
        BadInput: a pattern that is none, explodes, or names no field.
    """
    for pattern in patterns:
        ready = bounded_regex.compiled(pattern)
        if not ready.groupindex:
            raise BadInput(
                asked=Words(f"fields by the pattern {pattern[:60]!r}", f"用正则 {pattern[:60]!r} 取字段"),
                found=Words("no group has a name", "没有一个组有名字"),
                todo=Words("name groups: (?P<ts>...)", "给组起名字：(?P<ts>...)"),
            )
        match = bounded_regex.search(ready, line)
        if match is not None:
            return {name: text for name, text in match.groupdict().items() if text is not None}
    return None


def cleaned(raw: str | bytes) -> tuple[str, str]:
    """Turn bytes into a line, or say why not.

    Args:
        raw: one line, bytes or text, with or without its end.

    Returns:
        the line and "", or what can be shown of it (200 characters at most) and the reason in Chinese.
    """
    if isinstance(raw, bytes):
        try:
            text, wrong = raw.decode("utf-8"), ""
        except UnicodeDecodeError:
            text, wrong = raw[:400].decode("utf-8", "replace"), "不是完整的 UTF-8"
    else:
        text, wrong = raw, "" if isinstance(raw, str) else "不是文字"
        text = text if isinstance(text, str) else repr(text)
    text = text.rstrip("\r\n")
    if not wrong and re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\n\r]", text):
        wrong = "有控制字符，像是二进制"
    if not wrong and not text.strip():
        wrong = "空行"
    if not wrong and len(text) > LONGEST:
        wrong = f"太长：{len(text)} 个字符，最多 {LONGEST}"
    return (text[:200], wrong) if wrong else (text, "")
