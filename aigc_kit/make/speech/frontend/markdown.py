"""Leave out Markdown and HTML, saying so."""

import html
import re

from aigc_kit.make.speech.frontend.matches import Reading, Rule, rule, silent
from aigc_kit.make.speech.frontend.symbols import NAMED, PAUSES

_MARKDOWN, _HTML, _LINK = "Markdown 标记，不读", "HTML 标记，不读", "链接地址，不读"
_TAGS = (
    "a|abbr|article|aside|audio|b|blockquote|body|br|button|canvas|caption|center|cite|code|col|dd|del|details|dfn|div|dl|dt|em|"
    "figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|ol|"
    "option|p|path|pre|q|rp|rt|ruby|s|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|"
    "td|textarea|tfoot|th|thead|title|tr|tt|u|ul|var|video|wbr"
)
_LINE = r"(?:^|(?<=\n))[ \t]*"


def _entity(match: re.Match, english: str) -> Reading | None:
    """Read what an entity stands for."""
    sign = html.unescape(match[0])
    if sign == match[0]:
        return None
    said = NAMED.get(sign, PAUSES.get(sign, ""))
    return Reading(said, "HTML 字符") if said else Reading("", _HTML, heard=False)


def _dollar(match: re.Match, english: str) -> Reading | None:
    """Leave out the dollar signs around a formula."""
    odd = match.string.count("$", 0, match.start()) % 2
    return Reading("", "公式的边界，不读", heard=False) if odd or match.string.count("$", match.end()) else None


def _emphasis(match: re.Match, english: str) -> Reading | None:
    """Leave out a mark of emphasis with its fellow."""
    mark, text = match[0], match.string
    start = text.rfind("\n", 0, match.start()) + 1
    line, at = text[start:].partition("\n")[0], match.start() - start
    fellow = line.count(mark, 0, at) + line.count(mark, at + len(mark))
    last, following = line[:at][-1:], line[at + len(mark) :][:1]
    opens = following.strip() and not re.match(r"[A-Za-z0-9)]", last)
    closes = last.strip() and not re.match(r"[A-Za-z0-9(]", following)
    return Reading("", _MARKDOWN, heard=False) if fellow and (opens or closes) else None


RULES: tuple[Rule, ...] = (
    rule(r"<!--.*?-->|(?s:<!--.*?-->)", silent(_HTML)),
    rule(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!DOCTYPE[^>]*>", silent(_HTML)),
    rule(r"(?<![A-Za-z0-9])</?[A-Za-z][A-Za-z0-9_-]{2,}(?:\s[^<>]*)?/?>|<\|[a-z_]+\|>", silent(_HTML)),
    rule(r"\$(?=[^$\n\u3400-\u9fff]{1,80}\$)(?=[^$]*[=^\\_{}]|[A-Za-z]\$)|(?<=[A-Za-z0-9})])\$(?![\d])", _dollar),
    rule(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[0-9A-Fa-f]{2,6});", _entity),
    rule(rf"{_LINE}(?:```|~~~)[^\n`]*", silent(_MARKDOWN)),
    rule(rf"{_LINE}(?:[-*_][ \t]*){{3,}}(?=\n|$)", silent(_MARKDOWN)),
    rule(rf"{_LINE}\|?(?:[ \t]*:?-{{2,}}:?[ \t]*\|)+(?:[ \t]*:?-{{2,}}:?[ \t]*)?\|?[ \t]*(?=\n|$)", silent(_MARKDOWN)),
    rule(rf"{_LINE}#{{1,6}}[ \t]+(?=\S)", silent(_MARKDOWN)),
    rule(rf"{_LINE}(?:>[ \t]+)+(?=\S)|{_LINE}>(?=[\u3400-\u9fff])", silent(_MARKDOWN)),
    rule(rf"{_LINE}[-*+][ \t]+(?:\[[ xX]\][ \t]+)?(?=[^\s\d=+*/-]|\d)(?![A-Za-z\d.]+\s?[=≈<>])", silent(_MARKDOWN)),
    rule(r"!\[(?=[^\]\n]*\]\([^)\n]*\))", silent(_MARKDOWN)),
    rule(r"\[(?=[^\]\n]*\]\([^)\n]*\))", silent(_MARKDOWN)),
    rule(r"(?<=[^\s])\]\([^)\n]*\)", silent(_LINK)),
    rule(r"\[\^?\d{1,3}\](?=[，。；：！？,.;\s]|$)", silent("脚注编号，不读")),
    rule(r"`{1,3}", silent(_MARKDOWN)),
    rule(r"\*\*\*|\*\*|__|~~|==(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])==|[*_]", _emphasis),
    rule(r"\\(?=[*_`#\[\]{}()!|>~+.-])", silent(_MARKDOWN)),
    rule(
        r"(?<=[\u3400-\u9fffA-Za-z\d)])\s?\|\s?(?=[\u3400-\u9fffA-Za-z\d(])",
        lambda match, english: Reading("，", "表格线作停顿"),
    ),
    rule(r"(?:^|(?<=\n))\s?\||\|\s?(?=\n|$)", silent(_MARKDOWN)),
)
