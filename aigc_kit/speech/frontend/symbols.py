"""Signs: which are pauses, which have a name, which are silent, and what an emoji is."""

import re

# What a mark becomes in the spoken text; "" is silence without a pause
PAUSES = {
    **dict.fromkeys("，,", "，"),
    **dict.fromkeys("。．.｡", "。"),
    **dict.fromkeys("！!", "！"),
    **dict.fromkeys("？?", "？"),
    **dict.fromkeys("；;", "；"),
    **dict.fromkeys("：:", "："),
    **dict.fromkeys("、､", "、"),
    **dict.fromkeys("（）()［］【】〔〕〖〗{}｛｝—–―─…⋯‥", "，"),
    **dict.fromkeys("\n\r\u2028\u2029\x0b\x0c\x85", "。"),
}
SILENT = "“”‘’\"'「」『』《》〈〉«»„‟‹›〝〞·•・‧`´～~ˉ¨・"
NAMED = {
    "+": "加",
    "＋": "加",
    "=": "等于",
    "＝": "等于",
    "≈": "约等于",
    "≠": "不等于",
    "<": "小于",
    ">": "大于",
    "≤": "小于等于",
    "≥": "大于等于",
    "×": "乘",
    "÷": "除以",
    "±": "正负",
    "√": "根号",
    "∞": "无穷大",
    "∑": "求和",
    "∫": "积分",
    "%": "百分号",
    "％": "百分号",
    "‰": "千分号",
    "°": "度",
    "℃": "摄氏度",
    "℉": "华氏度",
    "&": "和",
    "＆": "和",
    "@": "艾特",
    "＠": "艾特",
    "#": "井号",
    "＃": "井号",
    "*": "星号",
    "/": "斜杠",
    "／": "斜杠",
    "\\": "反斜杠",
    "|": "竖线",
    "_": "下划线",
    "^": "尖号",
    "$": "美元",
    "＄": "美元",
    "¥": "元",
    "￥": "元",
    "€": "欧元",
    "£": "英镑",
    "²": "平方",
    "³": "立方",
    "→": "到",
    "№": "编号",
    "§": "节",
    "©": "版权",
    "®": "注册商标",
    "™": "商标",
    "-": "杠",
    "−": "减",
}
IN_ADDRESS = {".": "点", "/": "斜杠", ":": "冒号", "-": "杠", "_": "下划线", "@": "艾特", "?": "问号", "&": "和"} | {
    "=": "等于",
    "#": "井号",
    "%": "百分号",
    "+": "加",
    "~": "波浪号",
}

_PICTURE = (
    "[\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\u2190-\u2199\u25aa-\u25fe]"
)
_TAIL = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
EMOJI = re.compile(
    f"(?:[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}{_TAIL}*(?:\u200d{_PICTURE}{_TAIL}*)*)"
)
"""One emoji with its skin tones, joiners and variation selectors, a flag, or a keycap."""
