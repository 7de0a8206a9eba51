"""List the rules of the scanner, first match first.

Addresses, dates, times, telephone numbers, amounts, ranges, numbers.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from aigc_kit.make.speech.frontend import symbols
from aigc_kit.make.speech.frontend.symbols import digits, quantity, telephone


class Reading(NamedTuple):
    """Tell how a stretch is said, why, and whether heard."""

    text: str
    why: str = ""
    heard: bool = True


Rule = tuple[re.Pattern, Callable[[re.Match, str], Reading | None]]

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![.,]?\d)"
_SIGN = r"(?:(?<![\w)\]）])[-−+])?"
_TO = r"\s?[-−~～–—]\s?"

UNITS = symbols.table(
    """
    km/h=千米每小时 m/s=米每秒 km²=平方千米 m²=平方米 cm²=平方厘米 m³=立方米 cm³=立方厘米 ㎡=平方米 ㎞=千米 ㎝=厘米
    ㎜=毫米 ㎏=千克 km=千米 cm=厘米 mm=毫米 μm=微米 nm=纳米 m=米 kg=千克 mg=毫克 g=克 t=吨 mL=毫升 ml=毫升 L=升
    kWh=千瓦时 kW=千瓦 MW=兆瓦 W=瓦 kV=千伏 V=伏 mAh=毫安时 mA=毫安 A=安 GHz=吉赫兹 MHz=兆赫兹 kHz=千赫兹 Hz=赫兹
    TB=太字节 GB=吉字节 MB=兆字节 KB=千字节 kB=千字节 min=分钟 ms=毫秒 s=秒 h=小时 ℃=摄氏度 °C=摄氏度 ℉=华氏度
    °F=华氏度 °=度 dB=分贝 kPa=千帕 MPa=兆帕 hPa=百帕 Pa=帕 kcal=千卡 kJ=千焦 J=焦 px=像素 fps=帧每秒 rpm=转每分
    mol=摩尔 Ω=欧姆
    """
)
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_UNIT_END = r"(?![A-Za-z0-9²³])"
DEGREES = ("℃", "°C", "℉", "°F")
COINS = {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"}
MEASURES = (
    "个只条张本支把杯碗件位次年天周秒瓶台部辆座间层颗粒片块朵棵匹头双对套种类家所架艘份封首句段篇章圈回遍趟步米吨升"
    "千万亿毛斤"
)
_TWO_OF = re.compile(rf"[{MEASURES}]|小时|分钟|公里|公斤|[美欧日港]?元(?![素一二方函])|英镑")


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


def _date(match: re.Match, english: str) -> Reading | None:
    year, month, day = match["y"], int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return Reading(f"{digits(year)}年{quantity(str(month))}月{quantity(str(day))}日", "日期")


def _time(match: re.Match, english: str) -> Reading | None:
    hour, minute, second = int(match["h"]), int(match["m"]), match["s"]
    if hour > 24 or minute > 59 or (second and int(second) > 59):
        return None
    words = ("两" if hour == 2 else quantity(str(hour))) + "点"
    if minute or second:
        words += ("零" if 0 < minute < 10 else "") + quantity(str(minute)) + "分"
    return Reading(words + (quantity(str(int(second))) + "秒" if second else ""), "时间")


def _percent(match: re.Match, english: str) -> Reading:
    name = "千分之" if match["p"] == "‰" else "百分之"
    low, high = match["a"], match["b"]
    sign = "负" if low[0] in "-−" else ""
    words = sign + name + quantity(low.lstrip("-−+"))
    return Reading(words + (f"到{name}{quantity(high)}" if high else ""), "百分数")


def _money(match: re.Match, english: str) -> Reading:
    low, high, big = match["a"], match["b"], match["big"] or ""
    unit = COINS[match["c"]]
    words = _counted(low, unit) + big + (f"到{_counted(high, unit)}{big}" if high else "")
    return Reading(words + unit, "金额")


def _range(match: re.Match, english: str) -> Reading:
    unit = match["u"] or ""
    low, high = match["a"], match["b"]
    if unit in DEGREES:
        above = "零上" if low[0] in "-−" and high[0] not in "-−" else ""
        words = f"{_degrees(low)}到{above}{_degrees(high)}{UNITS[unit]}"
    else:
        two = low == "2" and not unit and _measured_by(match) and not _ordinal(match)
        words = f"{'两' if two else quantity(low)}到{quantity(high)}{UNITS.get(unit, '')}"
    return Reading(words, "范围")


def _measured(match: re.Match, english: str) -> Reading:
    number, unit = match["a"], match["u"]
    words = _degrees(number) if unit in DEGREES else _counted(number, unit)
    return Reading(words + UNITS[unit], "数字和单位")


def _number(match: re.Match, english: str) -> Reading:
    number = match[0]
    long = re.fullmatch(r"\d{9,}", number) and not re.match(r"[\u4e00-\u9fff]", match.string[match.end() :])
    if re.fullmatch(r"0\d+|\d{12,}", number) or long:
        return Reading(digits(number), "数字串逐个读")
    if _ordinal(match):
        return Reading(quantity(number).replace("两", "二"), "数字")
    if number == "2" and _measured_by(match):
        return Reading("两", "量词前读“两”")
    return Reading(quantity(number), "数字")


def _ordinal(match: re.Match) -> bool:
    return match.string[max(match.start() - 1, 0) : match.start()] == "第"


def _measured_by(match: re.Match) -> bool:
    """Tell whether a measure word, 千, 万 or 亿 follows."""
    return bool(_TWO_OF.match(match.string, match.end()))


def _equation(match: re.Match, english: str) -> Reading:
    names = {"+": "加", "-": "减", "−": "减", "×": "乘", "x": "乘", "X": "乘", "*": "乘", "÷": "除以", "=": "等于"}
    parts = re.findall(r"\d+(?:\.\d+)?|[-+−×xX*÷=]", match[0])
    return Reading("".join(names[p] if p in names else quantity(p) for p in parts), "算式")


def _latin(match: re.Match, english: str) -> Reading:
    if english == "keep":
        return Reading(match[0])
    words, why = symbols.say(match[0].replace("'", ""))
    return Reading(words, why)


def _counted(number: str, unit: str) -> str:
    return "两" if number == "2" and unit not in ("", "%") else quantity(number)


def _degrees(number: str) -> str:
    return "零下" + quantity(number.lstrip("-−")) if number[0] in "-−" else quantity(number)


def _rule(pattern: str, read: Callable[[re.Match, str], Reading | None]) -> Rule:
    return re.compile(pattern, re.ASCII), read


RULES: tuple[Rule, ...] = (
    (symbols.EMOJI, lambda found, english: Reading("", "表情符号不发音", heard=False)),
    _rule(r"https?://[!-~]*[A-Za-z0-9/]|www\.[!-~]*[A-Za-z0-9/]", _address),
    _rule(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", _address),
    _rule(r"(?:[A-Za-z0-9-]+\.)+(?:com|cn|org|net|edu|gov|io|ai|dev)(?:/[!-~]*[A-Za-z0-9/])?(?![A-Za-z0-9])", _address),
    _rule(r"(?<!\d)(?P<y>\d{4})(?P<z>[-/.])(?P<m>\d{1,2})(?P=z)(?P<d>\d{1,2})(?![\d.])", _date),
    _rule(r"(?<!\d)(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日", _date),
    _rule(
        rf"(?<!\d)(?P<a>\d{{4}}){_TO}(?P<b>\d{{4}})(?=年)",
        lambda found, english: Reading(f"{digits(found['a'])}到{digits(found['b'])}", "年份逐位读"),
    ),
    _rule(r"(?<![\w.])(\d+)\^(\d+)(?!\w)", lambda f, e: Reading(f"{quantity(f[1])}的{quantity(f[2])}次方", "乘方")),
    _rule(r"(?<![A-Za-z])[Nn]o\.\s?(?=\d)", lambda found, english: Reading("第", "编号")),
    _rule(r"(?<!\d)\d{4}(?=年(?!前|后|来|间|以|的))", lambda found, english: Reading(digits(found[0]), "年份逐位读")),
    _rule(r"(?<![\d:])(?P<h>\d{1,2})[:：](?P<m>\d{2})(?:[:：](?P<s>\d{2}))?(?![\d:])", _time),
    _rule(
        r"(?<!\d)(\d+)[:：](\d+)(?!\d)", lambda f, english: Reading(f"{quantity(f[1])}比{quantity(f[2])}", "比分或比例")
    ),
    _rule(
        r"(?<![\d.])(?:1[3-9]\d(?:[- ]?\d{4}){2}|0\d{2,3}[- ]\d{7,8}|[48]00[- ]\d{3}[- ]\d{4})(?!\d)|"
        r"(?<=[拨打叫呼线话])(?:110|119|120|122|12306|12345)(?![\d.])",
        lambda found, english: Reading(telephone(found[0]), "电话号码"),
    ),
    _rule(r"(?<![\w.])\d+(?:\.\d+)?\s?(?:[-+−×xX*÷=]\s?\d+(?:\.\d+)?\s?)*=\s?\d+(?:\.\d+)?(?![\d.])", _equation),
    _rule(r"(?<![\w.])\d+(?:\.\d+)?(?:\s?[+×xX*÷]\s?\d+(?:\.\d+)?)+(?![\w.])", _equation),
    _rule(rf"(?P<a>{_SIGN}{NUMBER})[%‰]?(?:{_TO}(?P<b>{NUMBER}))?(?P<p>[%‰])", _percent),
    _rule(rf"(?P<c>[¥￥$€£])\s?(?P<a>{NUMBER})(?:{_TO}[¥￥$€£]?(?P<b>{NUMBER}))?(?P<big>万亿|[万亿])?", _money),
    _rule(
        r"(?<![\w.])\d+(?:\.\d+){2,}(?![\w.])",
        lambda f, e: Reading("点".join(map(quantity, f[0].split("."))), "版本号"),
    ),
    _rule(rf"(?P<a>{_SIGN}{NUMBER})(?:{_UNIT})?{_TO}(?P<b>[-−]?{NUMBER})\s?(?:(?P<u>{_UNIT}){_UNIT_END})?", _range),
    _rule(
        r"(?<![\d./])(\d{1,4})/(\d{1,4})(?![\d./])",
        lambda f, e: Reading(f"{quantity(f[2])}分之{quantity(f[1])}", "分数"),
    ),
    _rule(rf"(?P<a>{_SIGN}{NUMBER})\s?(?P<u>{_UNIT}){_UNIT_END}", _measured),
    _rule(rf"{_SIGN}{NUMBER}", _number),
    _rule(r"\d+", lambda found, english: Reading(digits(found[0]), "数字串逐个读")),
    _rule(r"[A-Za-z]+(?:'[A-Za-z]+)?", _latin),
    _rule(r"(?<=\d)\s?[-~～–—]\s?(?=\d)", lambda found, english: Reading("到", "范围")),
    _rule(r"(?<=[A-Za-z0-9])-(?=[A-Za-z0-9])", lambda f, e: Reading("", "连字符不发音", heard=False)),
)
"""(pattern, reading) in the order in which they are tried; a reading of None lets the next rule try."""
