"""Read codes: telephones, passwords, flights, models, versions."""

import re

from aigc_kit.make.speech.frontend.matches import HAN, Reading, Rule, before, behind, rule
from aigc_kit.make.speech.frontend.symbols import NAMES, digits, quantity, telephone

# Words in front of a number that is read digit by digit
_CUE = re.compile(
    r"(?:密码|口令|验证码|编号|编码|学号|工号|证号|身份证|卡号|账号|帐号|户号|尾号|号码|手机|手机号|电话|座机|传真|热线|邮编|邮政编码|房间号?|"
    r"房号|门牌|门牌号|门禁|车牌号?|牌号|航班号?|车次|订单号?|单号|流水号|序列号|型号|代码|代号|票号|座位号|机号|账户|微信|考号|考证号|"
    r"区号|分机号?|转接?|批号|文号|档案号|会议号|频道号|端口号?|邀请码|兑换码|取件码|取餐码|取货码|提取码|识别码|条码|条形码|激活码|校验码|"
    r"动态码|优惠码|[一-龥]码|暗号|警号|货号|款号|标号|合同号|发票号|股票|证券|基金|[前后末首][两三四五六七八]位|拨打?|致电|呼叫|"
    r"QQ|qq|ID|Id|id|PIN|pin|ISBN|ISSN|IMEI|UID|uid|Tel|TEL|tel|Fax|No)"
    r"(?:号码|号)?(?:是|为|叫|改[成为]|设[成为]|填|输入|[:：=#\s“\"「]|尾数)*$"
)
_NEXT = re.compile(r"(?:[-）)]\d{4}|\d{7,8})[或和、/及，, ]+$")
_CALL = re.compile(r"(?:[打叫]|呼叫|联系|打给|打电话给)[“\"「]?$")
# What follows a number of things, in front of which even a cue means nothing
_COUNT = re.compile(
    rf"\s?(?:[个位次种元块人年天月张条件层字台部名岁度米克斤吨升秒倍折分％%‰℃页行列本只项家成万亿千百]|小时|{HAN}{{0,2}}元|"
    r"多[个位次元人]|左右|以[上下内])(?!牌)"
)
# What a number in front of it is called by its digits
_CALLED = (
    r"(?:急救|报警|火警|匪警|热线|客服|查号|电话|平台|专线|服务台|事件|晚会|工作制|高校|院校|大学|工程|大促|购物|消防|交警|"
    r"网站|官网|短信|航班|次(?:航班|列车|动车|高铁|快车|特快|城际)|路公[交共]|路车|路汽车|路电车|国道|省道|县道|高速|房(?![价子租产屋贷])|"
    r"室|教室|寝室|宿舍|包厢|包间|病房|病床|号(?:房|包[厢间]|会议室|教室|病房|公路|国道|文件|航班|客机|潜艇|舰)|客机|飞机|战机|机型|"
    r"芯片|显卡|处理器|班次|公路|特工|合金钢|毒株|铁路|求助|举报|投诉|紧急|救护|求救|集团军|报警台|救援|校区|研究所|厂区|阵地|高地)"
)
_MODEL_TAIL = r"(?:Ti|TI|XTX|XT|GRE|SUPER|Super|KF|KS|HX|HS|HQ|X3D|[DPpXUFS])(?![a-z0-9])"
_NOT_MODELS = {
    "top",
    "lv",
    "level",
    "no",
    "vol",
    "page",
    "x",
    "of",
    "the",
    "about",
    "over",
    "only",
    "with",
    "for",
    "step",
    "is",
}


def is_called(head: str) -> bool:
    """Tell whether a word in front asks for digits."""
    return _CUE.search(head) is not None


def _coded(match: re.Match, english: str) -> Reading | None:
    """Read digits one by one behind a cue word."""
    head, number = before(match, 24), match["n"]
    short = len(number) < 3 and not number.startswith("0")
    if short or _COUNT.match(behind(match)):
        return None
    called = (
        is_called(head)
        or (_CALL.search(head) and 3 <= len(number) <= 5)
        or (_NEXT.search(head) and 7 <= len(number) <= 8)
    )
    if not called or re.search(r"\d[.\-]$", head):
        return None
    say = digits if re.search(r"QQ", head) else telephone
    return Reading(say(number), "号码逐个读")


def _long_coded(match: re.Match, english: str) -> Reading | None:
    """Read digits with dashes or spaces behind a cue word."""
    if not is_called(before(match, 24)) or len(re.sub(r"\D", "", match[0])) < 5:
        return None
    return Reading(telephone(match[0]), "号码逐个读")


def _model(match: re.Match, english: str) -> Reading | None:
    """Read the digits of a name such as RTX4090."""
    head = re.search(r"([A-Za-z]+)(\s|-)?$", before(match, 24))
    if not head or head[1].lower() in _NOT_MODELS:
        return None
    spaced = head[2] is not None and head[2] != "-"
    number = match["n"]
    if spaced and (
        not re.fullmatch("[A-Z]{2,}|[A-Z][a-z]+[A-Z]?[a-z]*|iPhone", head[1]) or _COUNT.match(behind(match))
    ):
        return None
    if spaced and re.match(r"[,，]?\s?[A-Za-zμ%]|[A-Za-z]*/", behind(match)):
        return None
    rest = f"点{digits(match['rest'])}" if match["rest"] else ""
    return Reading(digits(number) + rest, "型号逐个读")


def _version(match: re.Match, english: str) -> Reading:
    parts = match[0].split(".")
    address = len(parts) == 4 and all(len(part) <= 3 and int(part) < 256 for part in parts)
    return Reading("点".join(map(digits if address else _short, parts)), "网络地址" if address else "版本号")


def _short(part: str) -> str:
    return digits(part) if len(part) > 1 and part[0] == "0" else quantity(part)


def _dashed(match: re.Match, english: str) -> Reading:
    return Reading("杠".join(map(digits, match[0].split("-"))), "编号逐个读")


_CHINA = r"1[3-9]\d(?:[- ]?\d{4}){2}"

RULES: tuple[Rule, ...] = (
    rule(
        rf"\+86[- ]?(?={_CHINA})",
        lambda match, english: Reading("加八六，", "国家代码"),
    ),
    rule(
        rf"(?<![\d.])(?:{_CHINA}|[(（]0\d{{2,3}}[)）]\s?\d{{3,4}}-?\d{{4}}|0\d{{2,3}}[- ]\d{{7,8}}|"
        r"0\d{2,3}-\d{4}-\d{4}|[48]00[- ]?\d{3}[- ]?\d{4}|[48]00-\d{4}-\d{3})(?!\d)",
        lambda match, english: Reading(telephone(match[0].strip("(（")), "电话号码"),
    ),
    rule(
        r"(?<![\dA-Za-z.])\d{17}[\dXx](?![\dA-Za-z])",
        lambda m, e: Reading(telephone(m[0][:17]) + _last(m[0][17], e), "身份证号"),
    ),
    rule(r"(?<!\d)\d{2,}(?:[- ]\d{2,})+(?![\d.年月日%])", _long_coded),
    rule(r"(?<![\d.])(?P<n>\d+)(?![\d.]*\d)(?![A-Za-z])", _coded),
    rule(rf"(?<![\d.])\d{{3,5}}(?=\s?{_CALLED})", lambda match, english: Reading(telephone(match[0]), "号码逐个读")),
    rule(
        rf"(?<![\d.A-Za-z])\d{{3,5}}(?={_MODEL_TAIL})", lambda match, english: Reading(digits(match[0]), "型号逐个读")
    ),
    rule(r"(?<=[A-Za-z\s-])(?P<n>\d{3,})(?:\.(?P<rest>\d+))?(?![.,]?\d)", _model),
    rule(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.]*\d)", _version),
    rule(r"(?<![\w.-])\d+(?:-\d+){2,}(?![\w.-])", _dashed),
    rule(r"(?<=[A-Z])\.(?=\d)", lambda match, english: Reading("点", "小数点")),
    rule(
        r"(?:(?<=[\u3400-\u9fff]-)|(?<=[A-Z]\.))\d{3,}(?![\d.,]*\d)",
        lambda match, english: Reading(digits(match[0]), "型号逐个读"),
    ),
)


def _last(sign: str, english: str) -> str:
    return telephone(sign) if sign.isdigit() else "X" if english == "keep" else NAMES["X"]
