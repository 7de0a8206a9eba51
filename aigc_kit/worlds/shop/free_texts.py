"""Prompts whose answer is free text.

Fields, sums, summaries, replies, and the refusal of what is not the shop's.
``split`` names the messages (train, held), ``words`` the wordings of the instruction (train, held).
"""

import json
import random
from typing import Any

from aigc_kit.worlds.shop import clauses, instructions, messages, orders, sums
from aigc_kit.worlds.shop.instructions import wording
from aigc_kit.worlds.shop.messages import Message
from aigc_kit.worlds.shop.patterns import join, pick, row
from aigc_kit.worlds.shop.samples import Sample


def fields(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
    form: str | None = None,
    nulls: bool | None = None,
) -> Sample:
    """Ask for fields of the order.

    form: "json", or "line" for no named form. nulls: the prompt wants null for absent ones.
    """
    message = message or messages.draw(rng, split)
    names = rng.sample(list(orders.FIELDS), rng.randint(2, 5))
    if rng.random() < 0.3:
        names.insert(rng.randrange(len(names) + 1), rng.choice(["意图", "情感"]))
    form = form or rng.choice(["json", "json", "json", "json", "line"])
    nulls = rng.random() < 0.6 if nulls is None else nulls
    w = wording("fields", rng, words)
    request = pick(rng, instructions.JSON, words) + " ，" if form == "json" else ""
    w.labels = " ".join(filter(None, [request, pick(rng, instructions.FIELDS, words), " 、 ".join(names), "。"]))
    w.extra = pick(rng, instructions.NULL, words) if nulls else ""
    values: dict[str, Any] = {}
    for name in names:
        if name in ("意图", "情感"):
            values[name] = message.intent if name == "意图" else message.sentiment
        elif name in message.fields:
            values[name] = message.order.value(name)
        elif nulls:
            values[name] = None
    if form == "json":
        answer = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    else:
        answer = "；".join(f"{k}：{'null' if v is None else v}" for k, v in values.items()) or "没有"
    segments = tuple(w.render("" if later else message.text))
    return Sample("fields", segments, answer, message, {"values": values, "form": form, "nulls": nulls})


def total(rng: random.Random, split: str = "train", words: str = "train", *, mode: str | None = None) -> Sample:
    """Ask what the customer pays.

    mode: "steps", "direct" or "free": the prompt wants neither.
    """
    message = messages.purchase(rng, split)
    w = wording("total", rng, words)
    mode = mode or rng.choices(["steps", "direct", "free"], [6, 2, 1])[0]
    if mode != "free":
        w.extra = pick(rng, instructions.STEPS if mode == "steps" else instructions.DIRECT, words)
    steps = mode == "steps" or (mode == "free" and rng.random() < 0.5)
    answer = sums.working(message) if steps else str(message.total)
    return Sample("total", tuple(w.render(message.text)), answer, message, {"mode": mode, "total": message.total})


def thing(message: Message) -> str:
    """Write what the message says was bought: 红色雨伞2把."""
    if "商品" not in message.fields:
        return ""
    order = message.order
    colour = order.colour if "颜色" in message.fields else ""
    count = f"{order.quantity}{orders.ITEMS[order.item]}" if "数量" in message.fields else ""
    return f"{colour}{order.item}{count}"


def written_summary(message: Message) -> str:
    """Write the one line that sums a message up."""
    bought = f"：{thing(message)}" if thing(message) else ""
    return f"顾客{message.intent}{bought}" + (f"，{message.reason}" if message.reason else "")


def summary(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
) -> Sample:
    """Ask for one line that names intent, thing and reason."""
    message = message or messages.draw(rng, split)
    w = wording("summary", rng, words)
    return Sample("summary", tuple(w.render("" if later else message.text)), written_summary(message), message)


STYLES = {
    "正式": "尊敬的顾客，您好。{about}我们将为您{action}，请耐心等待。",
    "活泼": "亲亲～{matter}包在我身上，马上{action}哦！",
    "简短": "好的，马上{action}。",
}
ACTIONS = dict(
    zip(clauses.INTENTS, ["办理退款", "查询物流", "办理换货", "解答问题", "处理投诉", "转达表扬"], strict=True)
)
MARKS = {"正式": "尊敬的顾客", "活泼": "亲亲～", "简短": "好的，"}
TERM_HEADS = row("安心 放心 极速 无忧 闪电 贴心 星星 云朵 阳光 小店 金牌 快乐 彩虹 春风")
TERM_TAILS = row("退 换 查 答 办 谢 宝 通 卡 包 送 帮")


def written_reply(message: Message, style: str, term: str) -> str:
    """Write the reply in a style.

    term: 「...」, or "" where the prompt gives none for the intent.
    """
    item = message.order.item if "商品" in message.fields else ""
    action = f"办理{term}" if term else ACTIONS[message.intent]
    about, matter = (f"关于您的{item}，", f"{item}的事") if item else ("", "这件事")
    return STYLES[style].format(about=about, matter=matter, action=action)


def reply(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
    terms: bool | None = None,
) -> Sample:
    """Ask for a reply in a style.

    It must use the prompt's term for the intent when there is one.
    """
    message = message or messages.draw(rng, split)
    style = rng.choice(list(STYLES))
    w = wording("reply", rng, words)
    w.labels = pick(rng, instructions.STYLED, words).replace("{s}", style)
    glossary = {}
    if rng.random() < 0.75 if terms is None else terms:
        others = rng.sample([i for i in clauses.INTENTS if i != message.intent], rng.randint(0, 3))
        keys = others if terms is None and others and rng.random() < 0.15 else [message.intent, *others]
        for key in rng.sample(keys, len(keys)):
            glossary[key] = rng.choice(TERM_HEADS) + rng.choice(TERM_TAILS)
        form = rng.choice(instructions.TERM[words == "held"]).replace("_", "")
        rows = [form.replace("{a}", a).replace("{b}", b) for a, b in glossary.items()]
        w.extra = "术语：" + "，".join(rows) + "。"
    term = f"「{glossary[message.intent]}」" if message.intent in glossary else ""
    item = message.order.item if "商品" in message.fields else ""
    answer = written_reply(message, style, term)
    facts = {"style": style, "term": term, "item": item, "glossary": glossary}
    return Sample("reply", tuple(w.render("" if later else message.text)), answer, message, facts)


REFUSAL = "这不是小店的事，我不会。"
FOREIGN = [  # what people ask of a large model; most of these words are outside the vocabulary
    "写 一 首 关于 {n} 的 诗",
    "把 这 句 话 翻译 成 英文",
    "讲 一个 笑话",
    "用 Python 写 排序 函数",
    "{n} 是 什么 意思",
    "推荐 几 部 电影",
    "明天 {n} 会 下 雨 吗",
    "唱 首 歌",
    "谁 是 {n} 的 作者",
    "解释 一下 量子 力学",
    "今天 股票 涨 了 吗",
    "帮 我 订 机票",
    "你 叫 什么 名字",
    "证明 勾股 定理",
    "What is your name",
    "Translate this",
    "画 一 只 {n}",
    "写 一 篇 作文",
    "历史 上 {n} 发生 了 什么",
    "怎么 做 {n}",
]
NAMES = row("李白 长城 恐龙 火箭 月亮 熊猫 大海 足球 钢琴 咖啡 地球 蛋糕 诗人 皇帝 飞机 老虎 春天 机器人 音乐 哲学")


def outside(rng: random.Random, split: str = "train", words: str = "train") -> Sample:
    """Ask for what the shop does not know.

    The answer is a refusal.
    """
    usual, rest = FOREIGN[:-4], FOREIGN[-4:]
    ask = join(rng.choice(rest if words == "held" else usual).replace("{n}", rng.choice(NAMES)))
    w = instructions.Wording(
        ask, polite=pick(rng, instructions.POLITE, words), frame=pick(rng, instructions.FRAME, words)
    )
    text = messages.draw(rng, split).text if rng.random() < 0.4 else ""
    return Sample("outside", tuple(w.render(text)), REFUSAL)
