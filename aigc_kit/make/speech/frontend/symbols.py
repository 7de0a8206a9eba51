"""Name signs: pauses, symbols, silent marks, emoji, letters, numbers."""

import re

import cn2an

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
SILENT = "“”‘’\"'「」『』《》〈〉«»„‟‹›〝〞·•・‧`´～~ˉ¨・＂＇"
_PICTURE = (
    "[\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\u25aa-\u25b2\u25b4-\u25fe]"
)
_TAIL = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
EMOJI = re.compile(
    f"(?:[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}{_TAIL}*(?:\u200d{_PICTURE}{_TAIL}*)*)"
)
"""One emoji with its skin tones, joiners and variation selectors, a flag, or a keycap."""

DIGITS = "零一二三四五六七八九"
LONGEST_QUANTITY = 16  # digits; longer ones are read digit by digit


def table(text: str) -> dict[str, str]:
    """Read pairs `written=said`, separated by white space."""
    return dict(pair.split("=") for pair in text.split())


NAMED = {"=": "等于"} | table(
    """
    +=加 ＋=加 ＝=等于 ≈=约等于 ≠=不等于 <=小于 >=大于 ≤=小于等于 ≥=大于等于 ×=乘 ÷=除以 ±=正负 √=根号
    ∞=无穷大 ∑=求和 ∫=积分 %=百分号 ％=百分号 ‰=千分号 °=度 ℃=摄氏度 ℉=华氏度 &=和 ＆=和 @=艾特 ＠=艾特 #=井号
    ＃=井号 *=星号 /=斜杠 ／=斜杠 \\=反斜杠 |=竖线 _=下划线 ^=尖号 $=美元 ＄=美元 ¥=元 ￥=元 €=欧元 £=英镑 ²=平方
    ³=立方 №=编号 §=节 ©=版权 ®=注册商标 ™=商标 -=杠 −=减 →=到 ⇒=推出 ↑=上升 ↓=下降 ←=左箭头 ↔=双向箭头 ⇔=等价于
    ∶=比 ∈=属于 ∉=不属于 ∩=交 ∪=并 ⊂=包含于 ⊆=包含于 ∅=空集 ∀=任意 ∃=存在 ∂=偏 ∇=梯度 ∝=正比于 ∠=角 ⊥=垂直于
    ∥=平行于 △=三角形 ≡=恒等于 ≅=同构于 ∼=相似于 ∘=复合 ⊕=直和 ⊗=张量积 ∏=连乘 ∛=三次根号 ≪=远小于 ≫=远大于 ′=撇
    ℅=转交 ‱=万分号 ¬=非 ∧=且 ∨=或 ∴=所以 ∵=因为 ₩=韩元 ₹=卢比 ₽=卢布 ฿=泰铢 ￡=英镑 ¢=美分
    """
)
IN_ADDRESS = table(".=点 /=斜杠 :=冒号 -=杠 _=下划线 @=艾特 ?=问号 &=和 #=井号 %=百分号 +=加 ~=波浪号") | {"=": "等于"}

NAMES = table(
    """
    A=诶 B=必 C=西 D=弟 E=伊 F=艾弗 G=寄 H=艾尺 I=艾 J=杰 K=开 L=艾勒 M=艾姆 N=恩 O=欧 P=批 Q=扣 R=阿 S=艾斯 T=踢
    U=优 V=维 W=达不溜 X=艾克斯 Y=歪 Z=泽德
    """
)
LOAN_WORDS = table(
    """
    ok=欧凯 okay=欧凯 hello=哈喽 hi=嗨 bye=拜 yes=耶斯 no=诺 wow=哇哦 sorry=骚瑞 thanks=三克斯 thank=三克 you=优
    app=诶批批 email=伊妹儿 wifi=歪法艾 internet=因特网 web=外布 python=派森 java=加瓦 linux=里纳克斯
    github=给特哈布 google=谷歌 microsoft=微软 windows=温都斯 apple=苹果 iphone=爱疯 intel=英特尔 nvidia=英伟达
    openai=欧喷诶艾 chatgpt=恰特寄批踢 deepseek=迪普西克 qwen=千问 modelscope=魔搭 jupyter=朱皮特 wizard=维泽德
    token=透肯 prompt=普荣普特 model=模头 data=得塔 bug=巴格 code=扣德 coffee=咖啡 chocolate=巧克力 sofa=沙发
    taxi=的士 bus=巴士 pizza=披萨 salad=沙拉 party=派对 logo=漏购 show=秀 fans=粉丝 cool=酷 bar=吧 radar=雷达
    laser=镭射 gene=基因 clone=克隆 vitamin=维他命 mini=迷你 vs=对 diy=弟艾歪 jazz=爵士 guitar=吉他 ballet=芭蕾
    golf=高尔夫 opera=欧佩拉 poker=扑克 robot=若伯特 docker=多克 excel=艾克塞尔 word=沃德 pdf=批弟艾弗 cat=凯特
    dog=道格 good=古德 morning=莫宁 nice=奈斯
    """
)
GREEK = table(
    """
    α=阿尔法 β=贝塔 γ=伽马 δ=德尔塔 ε=艾普西龙 ζ=泽塔 η=伊塔 θ=西塔 ι=约塔 κ=卡帕 λ=兰姆达 μ=缪 ν=纽
    ξ=克西 ο=奥米克戎 π=派 ρ=柔 σ=西格玛 τ=陶 υ=宇普西龙 φ=斐 χ=希 ψ=普西 ω=欧米伽
    """
)


def say(word: str) -> tuple[str, str]:
    """Say a word of ASCII letters, with the reason.

    >>> say("Python"), say("GPU")
    (('派森', '外来词表'), ('寄批优', '这个声音不会英语，按字母读'))
    """
    loan = LOAN_WORDS.get(word.lower())
    letters = "".join(NAMES.get(letter, "") for letter in word.upper())
    return (loan, "外来词表") if loan else (letters, "这个声音不会英语，按字母读")


def quantity(number: str) -> str:
    """Say a number as a quantity.

    Args:
        number: ASCII digits, with at most one point; thousands may be separated by commas; a sign in front is allowed.

    2 at its head is 两 before 千, 万 and 亿.
    Source: 吕叔湘《现代汉语八百词》 on 二 and 两: 两千, 两万, 两亿 at the head of a number, 二十 always, 二百 as usual.

    >>> quantity("105"), quantity("-3.14"), quantity("12,000"), quantity("10"), quantity("2024")
    ('一百零五', '负三点一四', '一万二千', '十', '两千零二十四')
    """
    sign = {"-": "负", "−": "负", "+": "正"}.get(number[:1], "")
    plain = number.lstrip("+-−").replace(",", "")
    whole, point, rest = plain.partition(".")
    if len(whole) > LONGEST_QUANTITY or (len(whole) > 1 and whole[0] == "0"):
        words = digits(whole)
    else:
        words = re.sub("^二(?=[千万亿])", "两", cn2an.an2cn(whole or "0", "low"))
    return sign + words + ("点" + digits(rest) if point else "")


def digits(number: str) -> str:
    """Say a number digit by digit.

    >>> digits("2024")
    '二零二四'
    """
    return "".join(DIGITS[int(digit)] for digit in number)


def telephone(number: str) -> str:
    """Say digits as on the telephone, where 1 is 幺.

    Anything between the digits becomes a short pause.

    >>> telephone("010-110")
    '零幺零，幺幺零'
    """
    return "".join("，" if not c.isdigit() else "幺" if c == "1" else DIGITS[int(c)] for c in number)
