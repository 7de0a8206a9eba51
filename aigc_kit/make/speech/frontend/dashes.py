"""Read a dash: 到, 负, a pause, or nothing."""

import re

from aigc_kit.make.speech.frontend.matches import HAN, MINUS, Reading, before, behind

_COUNT = r"(?:\d+(?:\.\d+)?|[零一二三四五六七八九十百千万两]+)"
_WEEK = r"(?:周|星期|礼拜)?[一二三四五六日天]"
_HOUR = r"(?:今天|明天|昨天|早上|早晨|上午|中午|下午|傍晚|晚上|凌晨|现在|至今|今|[春夏秋冬][天季]|[年月][初末底])"
_GRADE = r"(?:[大中小]班|[初高大研][一二三四]|幼儿园|小学|初中|高中|大学|本科|硕士|博士|入门|初级|中级|高级|精通)"
_PLACES = (
    "北京|上海|天津|重庆|广州|深圳|杭州|南京|武汉|成都|西安|长沙|郑州|济南|青岛|大连|沈阳|长春|哈尔滨|石家庄|太原|呼和浩特|"
    "南昌|合肥|福州|厦门|南宁|海口|三亚|贵阳|昆明|拉萨|兰州|西宁|银川|乌鲁木齐|苏州|无锡|宁波|温州|香港|澳门|台北|东京|大阪|"
    "首尔|纽约|伦敦|巴黎|莫斯科|新加坡|曼谷|京|沪|广|深|杭|蓉|汉|郑|哈|宁|渝|昆|徐|兰"
)
_RANGES = tuple(
    (re.compile(f"{left}$"), re.compile(right))
    for left, right in (
        (r"(?:周|星期|礼拜)[一二三四五六日天]", rf"{_WEEK}"),
        (_HOUR, _HOUR),
        ("[零一二三四五六七八九十百千万]", "[一二三四五六七八九十]"),
        (_GRADE, _GRADE),
        (rf"(?:^|[^一-龥]|从|由|坐|乘|走|飞)(?:{_PLACES})|(?:{_PLACES})[市站]?", rf"(?:{_PLACES})"),
    )
)
_UNITS_OF_TIME = "月日年号点时元岁楼层页章节级分秒度米周天届期世纪块人个名斤克吨里公厘毫℃%％"
_NEGATIVE = re.compile(
    r"(?:温度?|气温|误差|余额|值|增长|增速|增幅|利润|海拔|高程|坐标|得分|成绩|系数|斜率|截距|分|负荷|电压|电势|电位|电荷|电平|"
    r"增益|噪声|[的是为得约达到至在比从差变和或与及取加减乘以于有即如等成了剩跌降亏欠])[：:（(]?\s?$"
)
_SILENT = Reading("", "连字符不发音", heard=False)


def _is_range(left: str, right: str) -> bool:
    """Tell whether a dash between these means 到."""
    count = re.search(rf"(?P<n>{_COUNT})\s?(?P<u>{HAN}{{1,3}})$", left)
    other = re.match(rf"第?{_COUNT}\s?(?P<u>{HAN}{{0,4}})", right)
    if count and other:
        unit = count["u"]
        return unit[-1] in other["u"] or unit in other["u"] or unit[0] in _UNITS_OF_TIME
    if count and re.match(r"今|至今|现在|未来|次[年月日]|翌|来年", right):
        return True
    if re.search(r"\d$", left) and re.match(r"今|至今|现在", right):
        return True
    return any(first.search(left) and second.match(right) for first, second in _RANGES)


def dash(match: re.Match, english: str) -> Reading | None:
    """Read a single dash by what stands on its sides."""
    left, right, sign = before(match), behind(match, 12), match[0].strip()
    if not left.strip() or not right.strip():
        return None
    spaced, hyphen = match[0] != sign, sign in MINUS
    if re.search(HAN, left[-1]) or re.match(HAN, right):
        return _beside_chinese(left, right, hyphen, spaced)
    if left[-1] in "℃%％‰°" and re.match(rf"[{MINUS}]?\d", right):
        return Reading("到", "范围")
    if re.search(r"\d$", left, re.ASCII) and re.match(r"\d", right, re.ASCII):
        return _SILENT if hyphen and re.search(r"[A-Za-z][\d.,]*$", left) else Reading("到", "范围")
    if hyphen and re.search(r"[A-Za-z0-9]$", left) and re.match(r"[A-Za-z0-9]", right):
        alphabet = re.search(r"(?<![A-Za-z])[aA]$", left) and re.match(r"[zZ](?![A-Za-z])", right)
        return Reading("到", "范围") if alphabet else Reading("，", "破折号作停顿") if spaced else _SILENT
    return None


def _beside_chinese(left: str, right: str, hyphen: bool, spaced: bool) -> Reading | None:
    if _is_range(left, right):
        return Reading("到", "范围")
    if not hyphen:
        return None  # a dash is a pause, a wave is silent
    number = re.match(r"\d+(?:\.\d+)?", right)
    if number and re.search(HAN, left[-1]):
        below = re.match(r"\s?(?:℃|°|度|%|％|摄氏|‰)", right[number.end() :])
        if below or _NEGATIVE.search(left):
            return None
    return Reading("，", "破折号作停顿") if spaced else _SILENT
