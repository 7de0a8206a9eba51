"""Read dates, times and years."""

import re

from aigc_kit.make.speech.frontend.codes import is_called
from aigc_kit.make.speech.frontend.matches import HAN, TO, Reading, Rule, before, behind, rule
from aigc_kit.make.speech.frontend.symbols import digits, quantity

# Behind a year without 年, or behind a span of years
_YEARLY = (
    r"(?:学年|年|财年|赛季|届|级(?!台阶)|款|版|秋|春|夏|冬|毕业|上半年|下半年|全年|北京|东京|巴黎|伦敦|奥运|世界杯|春晚|春节|"
    r"中秋|国庆|元旦|高考|考研|中考|暑期|暑假|寒假|双十一|新年|新春|跨年|校招|秋招|春招|Q\d|H\d)"
)
_NAMED_DAY = (
    r"(?:事件|晚会|运动|事变|惨案|大会|地震|特大|建军|劳动|儿童|妇女|国庆|教师|护士|植树|青年|双旦|购物|大促|促销|小长假|长假|"
    r"假期|放假|讲话|起义|枪击|大火|爆炸|案|袭击|空难|洪水|大捷|革命|诞辰|节|打假|消费者)"
)
_SPAN_CUE = re.compile(r"(?:近|距今|长达|约|超过|已有|过了|整整|大约|将近|不到|至少|跨越|历经|历时|相隔|又过了?)\s?$")


def _words(year: str, month: str, day: str = "") -> str:
    said = f"{digits(year)}年{quantity(str(int(month)))}月"
    return said + (f"{quantity(str(int(day)))}日" if day else "")


def _date(match: re.Match, english: str) -> Reading | None:
    if not (1 <= int(match["m"]) <= 12 and 1 <= int(match["d"]) <= 31):
        return None
    return Reading(_words(match["y"], match["m"], match["d"]), "日期")


def _eight(match: re.Match, english: str) -> Reading | None:
    """Read 20240105, unless it counts something."""
    if is_called(before(match, 24)) or re.match(r"\s?(?:[人元个万亿次件台部吨米]|字节)", behind(match)):
        return None
    return _date(match, english)


def _year_month(match: re.Match, english: str) -> Reading | None:
    return Reading(_words(match["y"], match["m"]), "年月") if 1 <= int(match["m"]) <= 12 else None


def _span(match: re.Match, english: str) -> Reading:
    return Reading(f"{digits(match['a'])}{match['n'] or ''}到{digits(match['b'])}", "年份逐位读")


def _year(match: re.Match, english: str) -> Reading | None:
    """Read a year before 年, unless it is a span."""
    number, follows, cue = int(match["y"]), behind(match), before(match)
    if not 1 <= number // 100 <= 29 or re.search(r"第\s?$", cue):
        return None
    if number % 100 == 0 and number != 1900:
        long_ago = re.match(
            r"年(?:前(?![一二三四1-4上下]?[季半两])|以前|之前|来|历史|的历史|文明|的文明|之久)", follows
        )
        if (long_ago and number <= 2000) or (_SPAN_CUE.search(cue) and number <= 2000):
            return None
    return Reading(digits(match["y"]), "年份逐位读")


def _named_day(match: re.Match, english: str) -> Reading | None:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return Reading(digits(match["m"]) + digits(match["d"]), "纪念日逐位读")


def _day_of(match: re.Match, english: str) -> Reading | None:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return Reading(f"{quantity(str(month))}月{quantity(str(day))}日", "日期")


def _decade(match: re.Match, english: str) -> Reading:
    return Reading(digits(match["y"]), "年代逐位读")


_RATIO_CUE = re.compile(
    r"(?:比例|比例尺|比分|配比|之比|占比|宽高比|长宽比|纵横比|高宽比|画幅|比率|赔率|稀释|尺寸比|信噪比|大胜|险胜|"
    r"战胜|战平|负于|领先|落后|扳成|打成)[为是以按：:]?\s?$"
)
_RATIO_BEHIND = re.compile(
    r"\s?(?:的?(?:比例|配比|比分|宽高比|画幅|比率|混合|稀释|优势|画面|横屏|竖屏|屏幕|兑换|配平)|"
    r"(?:[^，。\d]{0,4})?(?:战胜|击败|获胜|取胜|险胜|大胜|领先|战平|淘汰|逆转|胜出))"
)
_TIME_CUE = re.compile(
    r"(?:[上下中]午|早[上晨]?|晚上?|凌晨|傍晚|夜里|今[天晚早]|明[天晚早]|[日号点天周一二三四五六七]|时间|时刻)[：:为是]?\s?$"
)


def _ratio(match: re.Match, english: str) -> Reading:
    return Reading("比".join(map(quantity, re.split(r"\s?[:：∶]\s?", match[0]))), "比分或比例")


def _time_or_ratio(match: re.Match, english: str) -> Reading | None:
    hour, minute, second = int(match["h"]), int(match["m"]), match["s"]
    head = before(match)
    ratio = (_RATIO_CUE.search(head) and not _TIME_CUE.search(head)) or _RATIO_BEHIND.match(behind(match, 12))
    if hour > 24 or minute > 59 or (second and int(second) > 59) or ratio:
        return None
    if re.search(r"(?:时长|片长|用时|全长|历时|耗时)[：:为是约]?\s?$", head):
        parts = (hour, minute, int(second)) if second else (0, hour, minute)
        names = zip(parts, ("小时", "分", "秒"), strict=True)
        return Reading("".join(f"{quantity(str(n))}{name}" for n, name in names if n), "时长")
    words = ("两" if hour == 2 else quantity(str(hour))) + "点"
    if minute or second:
        words += ("零" if 0 < minute < 10 else "") + quantity(str(minute)) + "分"
    return Reading(words + (quantity(str(int(second))) + "秒" if second else ""), "时间")


_QUOTE = r"[”’」』\"]?"
_NOT_A_DIGIT = r"(?<![\d.])"

RULES: tuple[Rule, ...] = (
    rule(r"(?<!\d)(?P<y>\d{4})(?P<z>[-/.])(?P<m>\d{1,2})(?P=z)(?P<d>\d{1,2})(?![\d.]|-\d)", _date),
    rule(r"(?<![\d/])(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>(?:19|20)\d\d)(?![\d/])", _date),
    rule(r"(?<!\d)(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日", _date),
    rule(r"(?<![\dA-Za-z.])(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\d.])", _eight),
    rule(r"(?<![\d.])(?P<y>(?:19|20)\d\d)[-/](?P<m>0?[1-9]|1[0-2])(?![\d./:]|-\d|\s?[-+*/=×÷]|[年%℃])", _year_month),
    rule(r"(?<![\d.])(?P<y>(?:19|20)\d\d)\.(?P<m>0[1-9])(?![\d.])", _year_month),
    rule(rf"(?<!\d)(?P<a>\d{{4}})(?P<n>年)?{TO}(?P<b>\d{{4}}|\d{{2}}(?=赛季|学年))(?={_YEARLY})", _span),
    rule(r"(?<![\d.])(?P<y>\d{4})(?=\s?年(?!级))", _year),
    rule(
        r"(?<=公元)\d{3}(?=年)|(?<=公元前)\d{3,4}(?=年)", lambda match, english: Reading(digits(match[0]), "年份逐位读")
    ),
    rule(rf"(?<![\d.])(?P<y>(?:19|20)\d\d)(?=\s?{_YEARLY})", _decade),
    rule(r"(?<![\d.])(?P<y>0\d)(?=年)", _decade),
    rule(r"(?<![\d.])(?P<y>[05-9]\d)(?=年(?:出生|生|毕业|入学|参军|版|的时候))", _decade),
    rule(r"(?<![\d.])(?P<y>[05-9][05])(?=后(?![的面来天年续期]|[^，。]{0,2}[个位名]))", _decade),
    rule(rf"{_NOT_A_DIGIT}(?P<m>\d{{1,2}})[·•・‧](?P<d>\d{{1,2}})(?!\d)", _named_day),
    rule(rf"{_NOT_A_DIGIT}(?P<m>\d{{1,2}})\.(?P<d>\d{{1,2}})(?={_QUOTE}{_NAMED_DAY})", _named_day),
    rule(
        rf"(?<![\d./])(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})(?={_QUOTE}(?:(?!的){HAN}){{0,3}}?{_NAMED_DAY}|[上下]午|晚上|早上|周[一二三四五六日])",
        _day_of,
    ),
    rule(r"(?<![\d:.])(?P<h>\d{1,2})[:：](?P<m>\d{2})(?:[:：](?P<s>\d{2}))?(?![\d:.])", _time_or_ratio),
    rule(r"(?<![\d:.])\d+(?:\.\d+)?(?:\s?[:：∶]\s?\d+(?:\.\d+)?)+(?!\d)", _ratio),
)
