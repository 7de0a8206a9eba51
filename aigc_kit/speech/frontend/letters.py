"""Latin letters for a voice that knows no English: loan words, else the names of the letters in Chinese sounds."""


def table(text: str) -> dict[str, str]:
    """Pairs `written=said`, separated by spaces or line ends."""
    return dict(pair.split("=") for pair in text.split())


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


def spell(word: str) -> str:
    """The names of the letters.

    >>> spell("AI")
    '诶艾'
    """
    return "".join(NAMES[letter] for letter in word.upper() if letter in NAMES)


def say(word: str) -> tuple[str, str]:
    """(how a word of ASCII letters is said, why so).

    >>> say("Python"), say("GPU")
    (('派森', '外来词表'), ('寄批优', '这个声音不会英语，按字母读'))
    """
    known = LOAN_WORDS.get(word.lower())
    return (known, "外来词表") if known else (spell(word), "这个声音不会英语，按字母读")
