"""What a prompt says around a message, part by part.

A part has patterns that training sees, and held-out ones.
The parts of a Wording change what a good answer is: labels named or not (else a model may use names of its own),
"only the label" or not (else it may answer in a sentence), JSON, null and steps asked for or not.
"""

import random
from dataclasses import dataclass

from aigc_kit.worlds.shop import clauses
from aigc_kit.worlds.shop.patterns import expand, join, pick, row

OTHER_NAMES = {
    **dict(zip(clauses.INTENTS, ["退钱", "快递", "更换", "询问", "抱怨", "称赞"], strict=True)),
    **dict(zip(clauses.SENTIMENTS, ["积极", "平静", "消极"], strict=True)),
    **dict(zip(clauses.TONES, ["礼貌", "一般", "粗鲁"], strict=True)),
}
LABELS = {"intent": clauses.INTENTS, "sentiment": clauses.SENTIMENTS, "tone": clauses.TONES}
NOUN = {"intent": "意图", "sentiment": "情感", "tone": "语气"}
DEFINITIONS = {
    **dict(
        zip(
            clauses.INTENTS,
            ["要_回|拿_回 货款", "问|查 包裹", "要 换_一个|换_新_的", "问 商品|问题", "不_满意 服务", "夸|感谢 小店"],
            strict=True,
        )
    ),
    **dict(zip(clauses.SENTIMENTS, ["开心|满意", "没有|看_不_出 情绪", "失望|生气"], strict=True)),
    **dict(zip(clauses.TONES, ["说_话 有_礼貌", "说_话 一般", "说_话 粗鲁"], strict=True)),
}
SYMBOLS = row(
    "A B C D E F G H K M P R S T X Y 1 2 3 4 5 6 7 8 9 猫 狗 鱼 鸟 马 牛 羊 兔 虎 龙 "
    "苹果 香蕉 橙子 葡萄 西瓜 桃子 柠檬 甲 乙 丙 丁 东 南 西 北 春 夏 秋 冬 金 木 水 火 土 "
    "红 蓝 绿 黑 白 黄 风 雨 雪 云 江 河 湖 米 面 茶 糖 盐 书 笔 纸 灯 门 窗"
)
HELD_SYMBOLS = row("猪 鸭 草莓 樱桃 山 海 星 月")  # copied in drills, never a label in training
NEW_SYMBOLS = row("梨 熊 鹿 竹")  # never in training at all

Parts = tuple[list[str], list[str]]
PERSONA: Parts = (
    [
        "你 是 一名|一个|小店 的|~ 客服|助手 。",
        "你 是 一个 细心|认真|热情 的 助手 。",
        "作为|假如_你_是 客服 ，",
        "你_好 ，",
    ],
    ["你 是 一名 细心|认真 的 客服 。", "作为 小店 的 助手 ，"],
)
POLITE: Parts = (["~", "~", "请", "请_你", "麻烦_你", "帮_我"], ["麻烦 帮_我", "请 帮_我"])
FRAME: Parts = (
    [
        "消息_： {m}",
        "顾客 说 ： {m}",
        "「 {m} 」",
        "顾客 消息|留言|的_话 ： 「 {m} 」",
        "{m}",
        "###_\n {m} \n_###",
        "内容_： {m}",
    ],
    ["顾客 说 ： 「 {m} 」", "###_\n 消息_： {m} \n_###", "留言 ： {m}"],
)
ONLY: Parts = (
    [
        "只 输出|给出|写 标签 。",
        "只 回答|写|用 一个_词 。",
        "不要|不用|别 解释 。",
        "直接 给出|写|输出 标签 ， 不要|不用 解释 。",
    ],
    ["只 给出|写 标签 ， 不要 别_的 。", "回答 一个 标签 就_行 。", "不用 解释 ， 只 写 一个_词 。"],
)
LISTED: Parts = (
    [
        "从 {r} 中 选 一个 。",
        "可选|可用 标签|类别 ： {r} 。",
        "标签|类别 有 {r} 。",
        "是 {r} 中 的 哪_一个 ？",
        "只能|要 用 {r} 中 的 一个 。",
    ],
    ["在 {r} 中 选 ， 只 选 一个 。", "可选 的 类别|标签 有 {r} 。"],
)
RULE: Parts = (
    ["{a}_=_{b}", "{a}_写_{b}", "{a}_回答_{b}", "{b}_表示_{a}", "{b}_=_{a}", "{a}_：_{b}", "{a}_用_{b}"],
    ["{a}_就_写_{b}", "{a}_输出_{b}"],
)
WORKED: Parts = (
    ["先 写|说 意图 ， 再 给出|写 标签 。", "一_步_一_步 想|来 。", "先 想 意图 ， 再 回答 。"],
    ["请 一_步_一_步 想 ， 再 给出 标签 。", "先 说 意图 ， 再 写 答案 。"],
)
STEPS: Parts = (
    [
        "一_步_一_步 算|来|想 。",
        "先 写 步骤|过程 再 给出|写 答案 。",
        "写出|给出 计算 过程|步骤 。",
        "请 一_步_一_步 想|算 。",
    ],
    ["请 一_步_一_步 写出 过程 。", "先 写 过程 ， 再 给出 答案 。"],
)
DIRECT: Parts = (
    ["直接 给出|写 答案 。", "只 写|给出|输出 数字 。", "不要|不用 过程|步骤 。"],
    ["只 给出 数字 ， 不要 步骤 。"],
)
JSON: Parts = (
    ["用 JSON 输出|回答", "输出|返回|给出 JSON", "写 成 JSON", "以 JSON 输出"],
    ["以 JSON 返回", "用 JSON 写"],
)
FIELDS: Parts = (["字段 ：", "需要|要 字段 ：", "包括", "字段 有"], ["要 的 字段 有"])
NULL: Parts = (
    ["缺少|没有 的 ~|字段 写|用 null 。", "没_说|没_写 的 写 null 。"],
    ["消息 里 没有 的 字段 用 null 。"],
)
STYLED: Parts = (
    ["语气 {s} 。", "用 {s} 的 语气|风格 。", "要 {s} 。", "风格 ： {s} 。"],
    ["语气 要 {s} 。", "风格 要 {s} 。"],
)
TERM: Parts = (["{a}_叫_「{b}」", "{a}_写_成_「{b}」", "{a}_=_「{b}」", "{a}_说_成_「{b}」"], ["{a}_要_说_成_「{b}」"])
ASK: dict[str, Parts] = {
    "intent": (
        [
            "判断|识别 下面|这_条 消息 的 意图|诉求|目的",
            "判断|分析|看看 顾客 的 意图|目的",
            "这_条 消息 是 什么 意图|诉求|类别",
            "给|把 这_条|下面 消息 分类|分_一下_类",
            "顾客 想_要|要 什么",
            "看看 这_条 消息 属于 哪_一类",
            "说出|写出 顾客 的 诉求|意图",
            "把 消息 分到 一个|哪_一个 类别",
            "顾客 的 目的|诉求 是 什么",
        ],
        ["识别 顾客 的 意图|目的", "说出 这_条 消息 属于 哪_一类", "判断 消息 的 类别", "这_条 消息 的 目的 是 什么"],
    ),
    "sentiment": (
        [
            "判断|识别 下面|这_条 消息 的 情感|情绪",
            "判断|分析|看看 顾客 的 情绪|心情",
            "这_条 消息 的 情感|情绪 是 什么",
            "顾客 的 心情|情绪 怎么样",
            "看看 顾客 高兴|开心 不_高兴|不_开心",
            "给 消息 的 情感 分类",
            "说出|写出 消息 的 情绪",
        ],
        ["识别 顾客 的 情感", "说出 顾客 的 心情", "判断 这_条 消息 的 情绪"],
    ),
    "tone": (
        [
            "判断|识别 下面|这_条 消息 的 语气|礼貌_程度",
            "判断|分析|看看 顾客 的 语气|态度",
            "顾客 说_话 礼貌|客气 吗",
            "顾客 的 语气 怎么样",
            "说出|写出 消息 的 语气",
            "给 消息 的 语气 分类",
        ],
        ["识别 顾客 的 语气", "说出 顾客 的 礼貌_程度", "这_条 消息 的 语气 怎么样"],
    ),
    "fields": (
        [
            "提取|抽取|整理 订单 信息",
            "抽取|提取 消息 里 的 信息|字段",
            "把 消息 里 的 订单 信息 找_出来|整理_出来",
            "从 消息 里 提取|找 字段|信息",
            "看看 消息 里 说_了 什么",
        ],
        ["把 订单 信息 整理_出来", "从 消息 里 抽取 订单 字段"],
    ),
    "total": (
        [
            "计算|算出 顾客 应付|要_付 多少_元|多少_钱",
            "算_一下|看看 一共 多少_钱|多少_元",
            "算出|计算 总价",
            "顾客 要_付|应付 多少_元",
            "一共 多少_元",
        ],
        ["算出 顾客 一共 要_付 多少_钱", "计算 总价 是 多少_元"],
    ),
    "summary": (
        [
            "用 一_句_话|一行 总结|概括 消息",
            "把 消息 总结|写 成 一行|一_句_话",
            "写|给出 一行|一_句 摘要",
            "概括|总结 顾客 的 消息|话",
            "给 消息 写 摘要",
        ],
        ["用 一行 概括 消息|话", "把 顾客 的 消息 写 成 一_句 摘要"],
    ),
    "reply": (
        [
            "回复|回答 这_位 顾客",
            "写|给出 一_句|一个 回复",
            "给 顾客 写|一个 回复",
            "替|帮 客服 回答|回复 顾客",
            "怎么 回复 这_位 顾客",
        ],
        ["替 客服 写 一_句 回复", "回答|回复 顾客 的_话"],
    ),
}
ODD: Parts = (
    [
        "请 认真|仔细 分析|回答 。",
        "注意 ， 这_是 必须 的 要求 。",
        "问题|任务 很 简单 ， 不要 想 太_多 。",
        "今天|昨天 天气 不错|很热 。",
        "我 刚 下班|放学 。",
        "这_是 一个 例子|任务 。",
        "顾客 都_是 好_人 。",
        "小店 在 北京|上海|广州 。",
        "谢谢 你 。",
        "这 对_我 很_重要 。",
        "慢慢 来 ， 不_急 。",
        "做_得_好 有 礼物 。",
    ],
    ["请 仔细 看 ， 不_急 。", "今天 任务 很_多 。", "这_是 很_重要 的 问题 。", "小店 今天 很_忙 。"],
)


@dataclass
class Wording:
    """The parts of an instruction as spaced words.

    An empty part is left out.
    after: the instruction comes behind the message. cue: the last line that asks for the answer, such as 标签.
    """

    ask: str = ""
    persona: str = ""
    polite: str = ""
    labels: str = ""
    only: str = ""
    extra: str = ""
    odd: str = ""
    frame: str = "消息 ： {m}"
    after: bool = False
    cue: str = ""

    def instruction(self) -> str:
        """Join the parts into one instruction: spaced words."""
        stop = "" if not self.ask else "，" if self.labels else "。"
        parts = [self.persona, self.polite, self.ask, stop, self.labels, self.only, self.extra]
        return " ".join(filter(None, [self.odd, *parts] if self.after else [*parts, self.odd]))

    def render(self, message: str, shots: list[tuple[str, str]] | None = None) -> list[tuple[str, bool]]:
        """Write the whole prompt as segments.

        A segment: (text, whether it is an example's answer).
        message: the text of a message, "" in a later turn of a conversation. shots: (message, answer) pairs.
        """
        head = join(self.instruction())
        if shots:
            cue = self.cue or "标签"
            rows = [row for text, answer in shots for row in ((f"\n消息：{text}\n{cue}：", False), (answer, True))]
            return [(head, False), *rows, (f"\n消息：{message}\n{cue}：", False)]
        body = join(self.frame).replace("{m}", message) if message else ""
        both = [body, head] if self.after else [head, body]
        text = "\n".join(filter(None, both))
        return [(text + (f"\n{self.cue}：" if self.cue else ""), False)]


def wording(task: str, rng: random.Random, split: str, odd: float = 0.15) -> Wording:
    """Draw the parts that do not change the answer.

    split: "held" takes unseen wordings only.
    """
    persona = pick(rng, PERSONA, split) if rng.random() < 0.4 else ""
    aside = pick(rng, ODD, split) if rng.random() < odd else ""
    ask, polite, frame = pick(rng, ASK[task], split), pick(rng, POLITE, split), pick(rng, FRAME, split)
    return Wording(ask, persona, polite, odd=aside, frame=frame, after=rng.random() < 0.3)


def listed(names: list[str] | tuple[str, ...], rng: random.Random, split: str, defined: float = 0.15) -> str:
    """Write the list of labels in any order.

    defined: how often it says what each of them means.
    """
    names = rng.sample(list(names), len(names))
    if rng.random() < defined:
        rows = [f"{name} 是 {expand(DEFINITIONS[name], rng)}" for name in names]
        return "类别 ： " + " ； ".join(rows) + " 。"
    return pick(rng, LISTED, split).replace("{r}", " 、 ".join(names))
