"""Read formulas: letters, powers, relations, minus and plus."""

import re

from aigc_kit.make.speech.frontend import symbols
from aigc_kit.make.speech.frontend.matches import MINUS, Reading, Rule, before, behind, rule, signed
from aigc_kit.make.speech.frontend.quantities import WHOLE, measure
from aigc_kit.make.speech.frontend.symbols import digits, quantity

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_UP, _DOWN = f"[{''.join(_RAISED)}]", f"[{''.join(_LOWERED)}]"
_NUM = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[%‰]?"
_POWER = rf"(?:{_UP}+|(?:\^|\*\*)(?:\{{[^{{}}\n]+\}}|\([^()\n]+\)|[{MINUS}+]?(?:\d+(?:\.\d+)?|[A-Za-zα-ω])))"
_NAME = r"(?:[A-Za-z]+|[Α-Ωα-ω∞∑∏∫∂∇∅])"
_ATOM = rf"[√∛∠△]?(?:{_NUM}|{_NAME}){_DOWN}*'*{_POWER}?"
_FACTOR = rf"(?>(?:(?:[(\[]+[{MINUS}+±]?)?{_ATOM}(?:[)\]]+{_POWER}?)*)+)"
_RELATIONS = {
    **{"==": "等于", "!=": "不等于", "<=": "小于等于", ">=": "大于等于", "=": "等于", "≈": "约等于", "≠": "不等于"},
    **{"<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于", "≪": "远小于", "≫": "远大于", "∈": "属于"},
    **{"≡": "恒等于", "≅": "同构于", "∝": "正比于", "⊂": "包含于", "⊆": "包含于", "→": "到", "∼": "相似于"},
}
_SIGNS = {
    **{"+": "加", "×": "乘", "*": "乘", "÷": "除以", "/": "除以", "±": "正负", "·": "乘", "∘": "复合", "⊗": "张量积"},
    **{"∪": "并", "∩": "交", "⊕": "直和", "⊥": "垂直于", "∥": "平行于", **dict.fromkeys(MINUS + "–", "减")},
}
_OPERATOR = "(?:==|!=|<=|>=|[" + re.escape("".join({*_RELATIONS, *_SIGNS} - {"==", "!=", "<=", ">="})) + "])"
_FORMULA = rf"(?<![\w.@])[{MINUS}+±]?{_FACTOR}(?:\s?{_OPERATOR}\s?[{MINUS}+±]?{_FACTOR})+(?![\w])"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<measured>(?P<n>\d+(?:\.\d+)?)(?P<u>{WHOLE})(?![A-Za-z0-9²³(]))|"
    rf"(?P<fraction>(?P<top>\d+)/(?P<bottom>\d+)(?![\w.]))|(?P<number>{_NUM})|(?P<name>[A-Za-z]+)|(?P<power>{_POWER})|"
    rf"(?P<down>{_DOWN}+)|(?P<operator>{_OPERATOR})|(?P<other>.)",
    re.ASCII | re.DOTALL,
)
_ROOTS = {"√": "根号", "∛": "三次根号", "∠": "角", "△": "三角形", "∑": "求和", "∏": "连乘", "∫": "积分", "∞": "无穷大"}
_ROOTS |= {"∂": "偏", "∇": "梯度", "∅": "空集", "'": "撇", "!": "的阶乘"}


def power(text: str, english: str) -> str:
    """Say a power such as ², ^10 or ⁻³.

    >>> power("²", "letters"), power("^10", "letters"), power("⁻³", "letters")
    ('的平方', '的十次方', '的负三次方')
    """
    exponent = "".join(_RAISED.get(c, c) for c in text).lstrip("^*").strip("{}()")
    if exponent in ("2", "3"):
        return {"2": "的平方", "3": "的立方"}[exponent]
    if exponent in ("+", "-"):  # an ion
        return {"+": "正", "-": "负"}[exponent]
    if re.fullmatch(rf"\d[+-]|[{MINUS}+]?\d+(?:\.\d+)?", exponent):
        if exponent[-1] in "+-":
            return quantity(exponent[:-1]) + ("正" if exponent[-1] == "+" else "负")
        return f"的{quantity(exponent.lstrip('+'))}次方"
    return f"的{read(exponent, english)}次方"


def read(text: str, english: str) -> str:
    """Say a formula sign by sign.

    >>> read("x-y=2", "keep"), read("E=mc²", "keep"), read("-3+5=2", "keep")
    ('x减y等于二', 'E等于mc的平方', '负三加五等于二')
    """
    words, expects = "", True  # whether a term is expected, so that a minus is a sign
    variables = _adds_letters(text)
    for token in _TOKEN.finditer(text):
        kind, sign = token.lastgroup, token[0]
        kind = "measured" if token["measured"] else "fraction" if token["fraction"] else kind
        if kind == "space":
            continue
        if kind == "measured" and (len(token["u"]) > 1 or not variables):
            words += quantity(token["n"]) + measure(token["u"])
        elif kind == "measured":
            words += quantity(token["n"]) + _letters(token["u"], english)
        elif kind == "fraction":
            words += f"{quantity(token['bottom'])}分之{quantity(token['top'])}"
        elif kind == "number":
            words += _number(sign)
        elif kind == "name":
            words += _letters(sign, english)
        elif kind == "down":
            words += digits("".join(_LOWERED[c] for c in sign))
        elif kind == "power":
            words += power(sign, english)
        elif kind == "operator":
            words += _operator(sign, expects, bool(re.search(r"\d$", text[: token.start()])))
        else:
            words += _ROOTS.get(sign) or symbols.GREEK.get(sign.lower()) or ("，" if sign in "()[]" else "")
        expects = kind == "operator" or sign in "([" or sign in _ROOTS
    return re.sub("，+", "，", words).strip("，")


def _operator(sign: str, expects: bool, factorial: bool = False) -> str:
    if expects and sign in MINUS:
        return "负"
    if expects and sign == "+":
        return "正"
    if sign == "!=" and factorial:
        return "的阶乘等于"
    return _RELATIONS.get(sign) or _SIGNS[sign]


def _number(text: str) -> str:
    if text[-1] in "%‰":
        return ("百" if text[-1] == "%" else "千") + "分之" + signed(text[:-1])
    return signed(text)


def _letters(name: str, english: str) -> str:
    return name if english == "keep" else symbols.say(name)[0]


def _adds_letters(text: str) -> bool:
    """Tell whether single letters behind numbers are variables: 2-2g."""
    terms = [term for term in re.split(rf"\s?(?:[<>=≈≠≤≥]+|[{MINUS}+])\s?", text) if term]
    plain = [term for term in terms if re.fullmatch(r"\d+(?:\.\d+)?", term)]
    return bool(re.search(rf"\d[A-Za-z]?\s?[{MINUS}+]\s?\d", text)) and bool(plain)


def _formula(match: re.Match, english: str) -> Reading | None:
    text = match[0]
    operators = [token[0] for token in _TOKEN.finditer(text) if token["operator"]]
    names = re.findall(r"[A-Za-z]+", text)
    strong = {*_RELATIONS, *"×÷±∪∩⊕⊗∘⊥∥"} & set(operators) or re.search(rf"{_POWER}|[√∛]", text)
    if re.fullmatch(r"\d+(?:[/→]\d+)+|[^→]*[A-Za-z]{2,}→[A-Za-z]{2,}[^→]*", text) and "=" not in text:
        return None
    if set(operators) == {"→"} or (set(operators) <= {">", "<"} and any(len(name) > 4 for name in names)):
        strong = None
    if not (strong or re.fullmatch("[a-z]·[a-z]", text)) and not _weak_formula(text, operators, names):
        return None
    if re.match(r"[A-Z]+[-–]\d", text) and not set(_RELATIONS) & set(operators):
        return None  # K-2×1.5mm² is a name and a size
    if (
        text.endswith("=")
        or re.match(r"[/.]\w", behind(match))
        or (set(operators) <= {"/", "·"} and not (strong or re.fullmatch("[a-z]·[a-z]", text)))
    ):
        return None
    return Reading(read(text, english), "算式")


def _weak_formula(text: str, operators: list[str], names: list[str]) -> bool:
    """Tell whether + - * without a relation reckon."""
    if any(len(name) > 3 for name in names):
        return False
    if "+" in operators or "*" in operators:
        return not re.search(r"\d\s?[-–]\s?\d", text) or bool(names)
    minus = set(operators) <= set(MINUS + "–")
    spaced = re.search(rf"\w\s[{MINUS}–]\s\w", text)
    if not minus or not names or re.fullmatch(r"[a-zA-Z0]\s?-\s?[zZ9]", text):
        return False
    if spaced:
        return all(len(name) <= 2 for name in names)
    parts = re.split(rf"[{MINUS}–]", text)
    return all(re.fullmatch(r"\d*[a-z]|\d+|\d*[α-ω]", part) for part in parts) and len(parts) == 2


def _alone(match: re.Match, english: str) -> Reading | None:
    """Read a power without an operator: 2¹⁰, x^2."""
    if re.match(r"\d", match[0]) and re.fullmatch(r"\d+[¹]", match[0]) and re.match("[A-Za-z]", behind(match)):
        return None
    return Reading(read(match[0], english), "乘方")


def _science(match: re.Match, english: str) -> Reading | None:
    if re.search(r"[A-Za-z]$", before(match)):
        return None
    return Reading(signed(match[0].replace("−", "-")), "科学计数法")


RULES: tuple[Rule, ...] = (
    rule(_FORMULA, _formula),
    rule(rf"(?<![\w.])[{MINUS}]?(?:[√∛]?(?:{_NUM}|[A-Za-z]{{1,3}}|[Α-ω])){_POWER}(?![\w^])", _alone),
    rule(rf"[√∛](?:{_NUM}|[A-Za-z])(?!\w)", lambda match, english: Reading(read(match[0], english), "算式")),
    rule(rf"(?<![\w.])[{MINUS}]?\d+(?:\.\d+)?[eE][-+−]?\d{{1,3}}(?![\w.])", _science),
    rule(r"[△∠](?=[A-Z])", lambda match, english: Reading(_ROOTS[match[0]], "几何符号")),
    rule(rf"{_DOWN}+", lambda match, english: Reading(digits("".join(_LOWERED[c] for c in match[0])), "下标")),
    rule(rf"{_UP}+", lambda match, english: Reading(power(match[0], english).removeprefix("的"), "上标")),
)
