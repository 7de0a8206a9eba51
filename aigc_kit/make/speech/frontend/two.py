"""Tell when 2 is 两 and when it is 二.

两 counts (两个, 两万), 二 orders and reckons (第二, 二楼, 二次方程).
Source: 吕叔湘《现代汉语八百词》 on 二 and 两.
"""

import re

from aigc_kit.make.speech.frontend.symbols import quantity

_ORDERS = re.compile(
    r"年级|年\d+班|班(?![次车岗])|日(?!游)|[栋排组列区站章]\d|手(?=房|车|货|书|烟|商|市场|交易|资料|信息|手机|平台)|"
    r"次(?=方|函数|元|曲|型|项|根|式|多项|插值|革命|创业|开发|加工|污染|世界|利用|供水|确认)|元(?=[素一二方函次])|"
    r"点[零一二三四五六七八九\d]|期(?=工程|项目|临床|试验|建设)|季度"
)
_COUNTS = re.compile(
    "[个只条张本支枝把杯碗件位次年天周秒瓶台部辆座间层颗粒片块朵棵株匹头双对套种类家所架艘份封首句段篇章圈回遍趟步米吨升"
    "毛角斤盒轮页盘根笔户行袋排串场门口组节幅顿列道名项批盏扇顶枚管副股缕滴届阵番桌幢栋处堂卷册幕派伙帮群桶罐箱包捆束丛"
    "堆叠沓摞壶锅勺匙盆筐篮车船宗起则帧格栏词字倍岁夜晚边面侧端国校省市县村样般点声眼脚拳剂贴丈尺寸里亩顷集局站关刻手元"
    "厂城室院国族旁坛缸箩针句颊腿臂万亿千大整满日杠]|小(?=时|块|片|杯|勺|瓶|步|段|节|题|组|包|袋|队|碗|口)|分(?=钟|球)|"
    "公[里斤分顷升]|平方|立方|英[里尺寸镑]|海里|光年|星期|礼拜|世纪|代(?=人)|班(?=[次车岗])|级(?=台阶)|队(?=人)|"
    "连(?=[胜败冠击跳])|期(?=节目|杂志|课|视频|内容|学员)|[美欧日港韩]元|成人|人次|厘米|毫[米升]|克拉|架次|加仑"
)


def is_two(text: str, start: int, end: int) -> bool:
    """Tell whether the 2 at [start, end) counts something.

    >>> is_two("2个", 0, 1), is_two("2年级", 0, 1), is_two("第2个", 1, 2)
    (True, False, False)
    """
    if re.search(r"第\s?(?:\d+[、,，和到~-])?$", text[:start]):
        return False
    follows = text[end : end + 8].lstrip(" ")
    return not _ORDERS.match(follows) and bool(_COUNTS.match(follows))


def counted(number: str, unit: str) -> str:
    """Say a number in front of a unit."""
    return "两" if number == "2" and unit not in ("", "%", "°") else quantity(number)
