"""List the rules of the scanner, first match first.

Markup, addresses, dates, formulas, codes, dashes, units, numbers, letters.
"""

import re

from aigc_kit.make.speech.frontend import codes, dates, formulas, markdown, quantities, symbols
from aigc_kit.make.speech.frontend.dashes import dash
from aigc_kit.make.speech.frontend.matches import DASH, HAN, MINUS, NUMBER, Reading, Rule, before, behind, rule, silent
from aigc_kit.make.speech.frontend.symbols import digits, quantity
from aigc_kit.make.speech.frontend.two import is_two

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def _address(match: re.Match, english: str) -> Reading:
    """Read a URL or e-mail, signs by name, digits singly."""
    parts = []
    for run in re.findall(r"[A-Za-z]+|\d+|.", match[0]):
        if run.isascii() and run.isalpha():
            parts.append(run if english == "keep" else symbols.say(run)[0])
        elif run.isdigit():
            parts.append(digits(run))
        else:
            parts.append(symbols.IN_ADDRESS.get(run, symbols.NAMED.get(run, "")))
    return Reading("".join(parts), "网址或邮箱，逐个读出")


def _number(match: re.Match, english: str) -> Reading:
    number, text = match[0], match.string
    long = re.fullmatch(r"\d{9,}", number) and not re.match(HAN, behind(match))
    if re.fullmatch(r"0\d+|\d{12,}", number) or long:
        return Reading(digits(number), "数字串逐个读")
    if re.search(r"第\s?$", before(match)):
        return Reading(quantity(number).replace("两", "二"), "数字")
    if number == "2":
        other = re.match(rf"\s?(?:[、到至或]|{DASH})\s?[3-9]|[.]5", behind(match))  # 2、3个
        if is_two(text, match.start(), match.end() + (other.end() if other else 0)):
            return Reading("两", "量词前读“两”")
    return Reading(quantity(number), "数字")


def _fraction(match: re.Match, english: str) -> Reading:
    whole, top, bottom = match["w"], match["t"], match["b"]
    sign = {"+": "正", "": ""}.get(match["s"] or "", "负")
    return Reading(f"{sign}{quantity(whole) + '又' if whole else ''}{quantity(bottom)}分之{quantity(top)}", "分数")


def _mixed(match: re.Match, english: str) -> Reading:
    """Read 1½."""
    import unicodedata

    top, _, bottom = unicodedata.normalize("NFKC", match["f"]).partition("\u2044")
    return Reading(f"{quantity(match['w'])}又{quantity(bottom)}分之{quantity(top)}", "分数")


def _roman(match: re.Match, english: str) -> Reading | None:
    values = [_ROMAN[sign] for sign in match[0]]
    pairs = zip(values, [*values[1:], 0], strict=True)
    total = sum(-value if value < following else value for value, following in pairs)
    return Reading(quantity(str(total)).replace("两", "二"), "罗马数字")


def _latin(match: re.Match, english: str) -> Reading:
    if english == "keep":
        return Reading(match[0])
    words, why = symbols.say(match[0].replace("'", ""))
    return Reading(words, why)


_ORDERED = "[期级度型类世代章卷部册编区等段号届期]"
_SIGN = rf"(?:(?<![\w)\]）])[{MINUS}+])?"

RULES: tuple[Rule, ...] = (
    (symbols.EMOJI, silent("表情符号不发音")),
    *markdown.RULES,
    rule(r"https?://[!-~]*[A-Za-z0-9/]|www\.[!-~]*[A-Za-z0-9/]", _address),
    rule(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", _address),
    rule(r"(?:[A-Za-z0-9-]+\.)+(?:com|cn|org|net|edu|gov|io|ai|dev)(?:/[!-~]*[A-Za-z0-9/])?(?![A-Za-z0-9])", _address),
    *dates.RULES,
    rule(r"(?<![A-Za-z])[Nn]o\.\s?(?=\d)|№\s?(?=\d)", lambda match, english: Reading("第", "编号")),
    rule(r"(?<![\w.])(?P<w>\d+)\s?(?P<f>[¼½¾⅐-⅞])", _mixed),
    rule(r"(?<![\d./])(?P<s>)(?P<w>\d{1,3}) (?P<t>\d{1,3})/(?P<b>\d{1,3})(?![\d./])", _fraction),
    *formulas.RULES,
    *codes.RULES,
    rule(rf" ?(?<!{DASH}){DASH}(?!{DASH}) ?", dash),
    rule(r"(?:-+|=)>|⇒", lambda match, english: Reading("到", "箭头")),
    rule(r"(?<![\w~～])[~～∼]\s?(?=\d)", lambda match, english: Reading("约", "大约")),
    *quantities.RULES,
    rule(rf"(?<![\d./])(?P<s>{_SIGN})(?P<w>)(?P<t>\d{{1,8}})/(?P<b>\d{{1,8}})(?![\d./])", _fraction),
    rule(r"(\d+)(?:st|nd|rd|th)(?![A-Za-z])", lambda f, e: Reading("第" + quantity(f[1]).replace("两", "二"), "序数")),
    rule(rf"{_SIGN}{NUMBER}", _number),
    rule(r"\d+", lambda match, english: Reading(digits(match[0]), "数字串逐个读")),
    rule(r"(?<=第)[IVXLC]+(?![A-Za-z])", _roman),
    rule(rf"(?<![A-Za-z])(?:I{{2,3}}|IV|VI{{1,3}}|IX|XI{{1,3}}|XI?V|I(?=[期级度型类]))(?={_ORDERED})", _roman),
    rule(r"(?<=[\u3400-\u9fff])(?:I{2,3}|VI{1,3}|IX)(?![A-Za-z0-9])", _roman),
    rule(r"[A-Za-z]+(?:'[A-Za-z]+)?", _latin),
)
"""(pattern, reading) in the order in which they are tried; a reading of None lets the next rule try."""
