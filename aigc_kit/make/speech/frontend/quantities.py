"""Name units, their rates and products, coins, measures."""

import re

from aigc_kit.make.speech.frontend import symbols
from aigc_kit.make.speech.frontend.matches import MINUS, NUMBER, TO, Reading, Rule, before, behind, rule
from aigc_kit.make.speech.frontend.symbols import digits, quantity
from aigc_kit.make.speech.frontend.two import counted, is_two

UNITS = symbols.table(
    """
    km²=平方千米 m²=平方米 dm²=平方分米 cm²=平方厘米 mm²=平方毫米 m³=立方米 dm³=立方分米 cm³=立方厘米 mm³=立方毫米
    km^2=平方千米 m^2=平方米 cm^2=平方厘米 mm^2=平方毫米 m^3=立方米 cm^3=立方厘米 mm^3=立方毫米 ㎡=平方米 ㎥=立方米
    ㎞=千米 ㎝=厘米 ㎜=毫米 ㎏=千克 ㎎=毫克 ㎖=毫升 km=千米 dm=分米 cm=厘米 mm=毫米 μm=微米 µm=微米 um=微米 nm=纳米
    m=米 hm²=公顷 ha=公顷 kg=千克 mg=毫克 μg=微克 µg=微克 ug=微克 ng=纳克 g=克 t=吨 dL=分升 mL=毫升 ml=毫升
    ML=毫升 μL=微升 µL=微升 μl=微升 L=升 l=升 kWh=千瓦时 kW·h=千瓦时 Wh=瓦时 GW=吉瓦 MW=兆瓦 kW=千瓦 KW=千瓦
    mW=毫瓦 W=瓦 kV=千伏 mV=毫伏 V=伏 mAh=毫安时 Ah=安时 mA=毫安 μA=微安 A=安 kVA=千伏安 THz=太赫兹 GHz=吉赫兹
    MHz=兆赫兹 kHz=千赫兹 KHz=千赫兹 Hz=赫兹 hz=赫兹 PB=拍字节 TB=太字节 GB=吉字节 MB=兆字节 KB=千字节 kB=千字节
    TiB=太二进制字节 GiB=吉二进制字节 MiB=兆二进制字节 KiB=千二进制字节 Tbps=太比特每秒 Gbps=吉比特每秒
    Mbps=兆比特每秒 kbps=千比特每秒 Kbps=千比特每秒 bps=比特每秒 Gb=吉比特 Mb=兆比特 Kb=千比特 bit=比特 bits=比特
    min=分钟 mins=分钟 ms=毫秒 μs=微秒 µs=微秒 us=微秒 ns=纳秒 s=秒 sec=秒 h=小时 hr=小时 hrs=小时 d=天 ℃=摄氏度
    °C=摄氏度 ℉=华氏度 °F=华氏度 °=度 dB=分贝 db=分贝 dBA=分贝 mmHg=毫米汞柱 mmhg=毫米汞柱 kPa=千帕 MPa=兆帕
    GPa=吉帕 hPa=百帕 Pa=帕 bar=巴 kcal=千卡 Kcal=千卡 cal=卡 kJ=千焦 KJ=千焦 MJ=兆焦 J=焦 keV=千电子伏
    MeV=兆电子伏 eV=电子伏 kN=千牛 N=牛 px=像素 fps=帧每秒 FPS=帧每秒 rpm=转每分 bpm=次每分 mph=英里每小时 mol=摩尔
    mmol=毫摩尔 μmol=微摩尔 Ω=欧姆 kΩ=千欧 MΩ=兆欧 μF=微法 pF=皮法 F=法 mH=毫亨 T=特斯拉 lx=勒克斯 lm=流明
    mSv=毫西弗 μSv=微西弗 Bq=贝克勒尔 ft=英尺 lb=磅 lbs=磅 oz=盎司 IU=国际单位 dpi=点每英寸
    ppi=像素每英寸 rad=弧度 r=转
    """
)
# Letters that stand for something else more often, alone behind a number
_ONLY_IN_RATES = ("r", "d", "l", "F", "T", "N", "bar", "ML")
_PLAIN = [unit for unit in UNITS if unit not in _ONLY_IN_RATES]
UNIT = "(?:" + "|".join(sorted(map(re.escape, _PLAIN), key=len, reverse=True)) + ")"
_EVERY_UNIT = "(?:" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + ")"
UNIT_END = r"(?![A-Za-z0-9²³])"
DEGREES = ("℃", "°C", "℉", "°F")
COINS = symbols.table(
    """
    US$=美元 HK$=港元 NT$=新台币 A$=澳元 AU$=澳元 C$=加元 CA$=加元 S$=新加坡元 RMB=元 CNY=元 USD=美元 EUR=欧元 GBP=英镑
    JPY=日元 HKD=港元 ¥=元 ￥=元 $=美元 €=欧元 £=英镑 ₩=韩元 ₹=卢比 ₽=卢布 ฿=泰铢
    """
)
_COIN = "(?:" + "|".join(sorted(map(re.escape, COINS), key=len, reverse=True)) + ")"
_BIG = r"(?P<big>万亿|[万亿千百]|[kKMB](?![A-Za-z0-9]))?"
_BIG_WORDS = {"k": "千", "K": "千", "M": "百万", "B": "十亿"}
# What a Chinese number is counted in before a slash, and what is behind the slash
_COUNTED = (
    "(?:[千百]?[万亿]|[十百千])?(?:平方|立方)?(?:美元|欧元|日元|港元|公里|千米|厘米|毫米|公斤|千克|毫克|微克|毫升|字节|"
    "比特|像素|千瓦时|小时|分钟|人次|[元角分块次帧人个转米克斤吨升字条台件份篇页辆只头株粒滴焦卡瓦点步拍下度词票张本包])"
)
_PER = (
    r"(?:平方公里|平方千米|平方米|立方米|平方厘米|公里|千米|厘米|毫米|公斤|千克|毫升|小时|分钟|千瓦时|季度|星期|人次|"
    r"百人|千人|万人|个月|[秒分时天日周月年季次人个斤克吨升米亩件台套份张本只条盒箱包瓶袋杯股晚课节页字词桶度户位场期])"
)
_SIGN = rf"(?:(?<![\w)\]）])[{MINUS}+])?"
_SECONDS = {"s": "秒", "s²": "二次方秒", "s^2": "二次方秒"}


def _rate(text: str) -> str:
    """Say what stands behind a slash of a rate."""
    return _SECONDS.get(text) or {"min": "分钟", "h": "小时"}.get(text) or UNITS.get(text) or text


def measure(unit: str) -> str:
    """Say a unit, a rate or a product.

    >>> measure("km/h"), measure("m/s²"), measure("N·m")
    ('千米每小时', '米每二次方秒', '牛米')
    """
    top, slash, low = unit.partition("/")
    words = "".join(UNITS[part] for part in re.split(r"[·*]", top)) if top not in UNITS else UNITS[top]
    return words + (f"每{_rate(low)}" if slash else "")


_SLASHED = rf"{_EVERY_UNIT}(?:[·*]{_EVERY_UNIT})?/(?:s²|s\^2|{_EVERY_UNIT}|{_PER})"
WHOLE = rf"(?:{_SLASHED}|(?:N·m|kW·h)|{UNIT})"


def degrees(number: str) -> str:
    """Say a temperature, below zero by 零下."""
    return "零下" + quantity(number.lstrip(MINUS)) if number[0] in MINUS else quantity(number)


def _money(match: re.Match, english: str) -> Reading:
    low, high, big = match["a"], match["b"], match["big"] or ""
    unit, big = COINS[match["c"]], _BIG_WORDS.get(big, big)
    words = counted(low, unit) + big + (f"到{counted(high, unit)}{big}" if high else "")
    return Reading(words + unit + (f"每{_rate(match['per'])}" if match["per"] else ""), "金额")


def _money_behind(match: re.Match, english: str) -> Reading:
    return Reading(counted(match["a"], "元") + COINS[match["c"]], "金额")


def _percent(match: re.Match, english: str) -> Reading:
    name = {"‰": "千分之", "%": "百分之"}[match["p"]]
    low, high = match["a"], match["b"]
    sign = "负" if low[0] in MINUS else ""
    words = sign + name + quantity(low.lstrip(f"{MINUS}+"))
    if not high:
        return Reading(words, "百分数")
    sign = "负" if high[0] in MINUS else ""
    return Reading(f"{words}到{sign}{name}{quantity(high.lstrip(MINUS))}", "百分数")


_SCORE_BEFORE = re.compile(r"(?:比分|总分|[以]|胜|负|平)[为是：:]?\s?$")
_SCORE_BEHIND = re.compile(r"\s?(?:大?战?胜|击败|获胜|取胜|险胜|领先|战平|淘汰|逆转|力克|落后|不敌|负于|的比分)")


_NUMBERED = re.compile(r"(?:图|表|式|公式|例题?|[习例]题|练习|实验|定理|算法|代码|清单|附录)\s?[(（]?$")


def _no_range(match: re.Match) -> Reading | None:
    """Read 3-1 as a score, or as a number."""
    low, high = match["a"], match["b"]
    if not re.fullmatch(r"\d{1,3}-\d{1,4}", match[0].replace(" ", "")):
        return None
    if _SCORE_BEFORE.search(before(match)) or _SCORE_BEHIND.match(behind(match)):
        return Reading(f"{quantity(low)}比{quantity(high)}", "比分")
    if (int(low) > int(high) and re.match(r"号?[楼室房班座栋]|单元", behind(match))) or re.match(
        r"室|号房", behind(match)
    ):
        return Reading(f"{digits(low)}杠{digits(high)}", "编号")
    if _NUMBERED.search(before(match)) and not re.match(r"\s?[页章节个张幅年月日号]", behind(match)):
        return Reading(f"{quantity(low)}杠{quantity(high)}", "编号")
    return None


def _range(match: re.Match, english: str) -> Reading | None:
    low, high, first, unit = match["a"], match["b"], match["v"], match["u"] or ""
    if re.search(r"[A-Za-z.]$", match.string[: match.start()]):  # Qwen2.5-0.5B is a name
        return None
    if unit in DEGREES:
        above = "零上" if low[0] in MINUS and high[0] not in MINUS else ""
        return Reading(f"{degrees(low)}到{above}{degrees(high)}{UNITS[unit]}", "范围")
    if not unit and not first and (reading := _no_range(match)):
        return reading
    if first and first != unit:
        left = f"{counted(low, first)}{measure(first)}"
    else:
        two = not unit and is_two(match.string, match.start("a"), match.end())
        left, high = ("两" if two and number == "2" else quantity(number) for number in (low, high))
        return Reading(f"{left}到{high}{measure(unit) if unit else ''}", "范围")
    return Reading(f"{left}到{quantity(high)}{measure(unit) if unit else ''}", "范围")


def _measured(match: re.Match, english: str) -> Reading | None:
    number, unit = match["a"], match["u"]
    if unit == "A" and re.match(r"[级游大景公企评班]", behind(match)):
        return None  # 5A级景区, 3A游戏
    words = degrees(number) if unit in DEGREES else counted(number, unit)
    return Reading(words + measure(unit), "数字和单位")


def _arc(match: re.Match, english: str) -> Reading:
    words = f"{quantity(match['a'])}度{quantity(match['m'])}分"
    return Reading(words + (f"{quantity(match['s'])}秒" if match["s"] else ""), "角度")


def _sizes(match: re.Match, english: str) -> Reading:
    """Read a product of lengths such as 10cm×20cm."""
    parts = re.findall(rf"({NUMBER})\s?({UNIT}{UNIT_END})?", match[0], re.ASCII)
    return Reading("乘".join(counted(n, u) + (UNITS[u] if u else "") for n, u in parts), "尺寸")


_MEASURED_NUMBER = rf"{NUMBER}\s?(?:{UNIT}{UNIT_END})?"

RULES: tuple[Rule, ...] = (
    rule(
        r"(?P<a>\d{2,3})/(?P<b>\d{2,3})(?=\s?mmHg)|(?<=血压)(?P<c>\d{2,3})/(?P<d>\d{2,3})",
        lambda m, e: Reading(f"{quantity(m['a'] or m['c'])}比{quantity(m['b'] or m['d'])}", "血压"),
    ),
    rule(r"(?<=\d)\s?mmHg(?![A-Za-z])", lambda match, english: Reading("毫米汞柱", "单位")),
    rule(r"(?<![A-Za-z\d])(?:[kcdmμ]?m)[²³](?![A-Za-z\d])", lambda match, english: Reading(UNITS[match[0]], "单位")),
    rule(rf"(?P<a>{NUMBER})°(?P<m>\d+)[′'](?:(?P<s>\d+(?:\.\d+)?)[″\"])?", _arc),
    rule(
        rf"(?P<a>{_SIGN}{NUMBER})[%‰]?(?:{TO}(?P<b>[{MINUS}]?{NUMBER}))?(?P<p>[%‰])",
        _percent,
    ),
    rule(
        rf"(?<![A-Za-z])(?P<c>{_COIN})\s?(?P<a>{NUMBER})(?:{TO}{_COIN}?(?P<b>{NUMBER}))?{_BIG}"
        rf"(?:\s?/\s?(?P<per>{_PER}|h|min|s|kg|g|m²|L)(?![A-Za-z]))?",
        _money,
    ),
    rule(rf"(?P<a>{NUMBER})\s?(?P<c>[$€£¥￥]|USD|RMB|CNY|EUR|HKD|JPY|GBP)(?![A-Za-z\d])", _money_behind),
    rule(rf"(?<![\w.]){_MEASURED_NUMBER}(?:\s?[×xX*]\s?{_MEASURED_NUMBER})+(?![\w.])(?=.|$)", _sizes),
    rule(
        rf"(?P<a>{_SIGN}{NUMBER})\s?(?P<v>{WHOLE}{UNIT_END})?{TO}(?P<b>[{MINUS}]?{NUMBER})\s?(?:(?P<u>{WHOLE}){UNIT_END})?",
        _range,
    ),
    rule(rf"(?P<a>{_SIGN}{NUMBER})\s?(?P<u>{WHOLE}){UNIT_END}", _measured),
    # 5元/斤, 120次/min: the number was read already
    rule(
        rf"(?<=[\d万亿千百多余几])(?P<n>\s?{_COUNTED})\s?/\s?(?P<per>{_PER}|{_EVERY_UNIT}{UNIT_END})",
        lambda match, english: Reading(f"{match['n'].strip()}每{_rate(match['per'])}", "每单位"),
    ),
    rule(
        rf"(?P<u>{_SLASHED}){UNIT_END}(?<![A-Za-z]/[A-Za-z])",
        lambda match, english: Reading(measure(match["u"]), "单位"),
    ),
)
