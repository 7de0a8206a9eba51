"""Prompts of the shop, each with its true answer. ``checkers`` judges what a model says instead.

Every task is a function of a random generator that returns a Sample. ``split`` names the messages (train, held),
``words`` the wordings of the instruction (train, held).
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from aigc_kit.worlds.shop import clauses, instructions, messages, orders, sums
from aigc_kit.worlds.shop.instructions import LABELS, NOUN, OTHER_NAMES, SYMBOLS, listed, wording
from aigc_kit.worlds.shop.messages import Message
from aigc_kit.worlds.shop.patterns import expand, join, pick

Segment = tuple[str, bool]  # (text, whether it is the answer of an example)


@dataclass(frozen=True)
class Sample:
    """A prompt, the answer that a good model gives, and what a checker needs to judge another answer."""

    task: str
    segments: tuple[Segment, ...]
    answer: str
    message: Message | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """Return the text of the prompt."""
        return "".join(text for text, _ in self.segments)


def truth_of(message: Message, task: str) -> str:
    """Return the label of a message for one of the tasks with labels."""
    return getattr(message, task)


def classify(
    task: str,
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
    clear: bool | None = None,
    shots: int | None = None,
) -> Sample:
    """Ask for the intent, the sentiment or the tone.

    clear: the labels are listed and nothing else is wanted; shots: examples, drawn when None;
    later: a further question about the message of the turn before.
    """
    w = wording(task, rng, words)
    clear = rng.random() < 0.5 if clear is None else clear
    if clear or rng.random() < 0.5:
        w.labels = listed(LABELS[task], rng, words)
    if clear or rng.random() < 0.5:
        w.only = pick(rng, instructions.ONLY, words)
    w.cue = rng.choice([NOUN[task], "标签", "类别", "答案"]) if rng.random() < 0.3 else ""
    message = message or messages.draw(rng, split)
    truth = truth_of(message, task)
    count = (rng.randint(1, 4) if rng.random() < 0.2 and not later else 0) if shots is None else shots
    if count:
        other = not w.labels and rng.random() < 0.5
        drawn = [messages.short(rng) if task == "intent" else messages.draw(rng) for _ in range(count)]
        pairs = [(d.text, OTHER_NAMES[truth_of(d, task)] if other else truth_of(d, task)) for d in drawn]
        answer = OTHER_NAMES[truth] if other else truth
        return Sample(task, tuple(w.render(message.text, pairs)), answer, message, {"label": answer})
    name = OTHER_NAMES[truth] if not w.labels and rng.random() < 0.5 else truth
    answer = name if w.only or rng.random() < 0.5 else f"这条消息的{NOUN[task]}是{name}。"
    segments = tuple(w.render("" if later else message.text))
    return Sample(task, segments, answer, message, {"label": truth, "clear": bool(w.labels and w.only)})


def rule(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
    symbols: list[str] | None = None,
    worked: bool | None = None,
    shots: int | None = None,
) -> Sample:
    """Ask for a label that the prompt itself defines: 退款 = A. ``worked``: the prompt wants the intent first."""
    task = rng.choices(["intent", "sentiment", "tone"], [8, 1, 1])[0]
    names = LABELS[task]
    message = message or (messages.short(rng, split) if rng.random() < 0.3 else messages.draw(rng, split))
    truth = truth_of(message, task)
    others = rng.sample([n for n in names if n != truth], rng.randint(1, len(names) - 1))
    chosen = list(names) if rng.random() < 0.5 else [truth, *others]
    chosen = rng.sample(chosen, len(chosen))
    labels = dict(zip(chosen, rng.sample(symbols or SYMBOLS, len(chosen)), strict=True))
    w = wording(task, rng, words)
    gap, form = rng.choice(["，", "；"]), rng.choice(instructions.RULE[words == "held"])
    rows = [join(form.replace("_", "")).replace("{a}", a).replace("{b}", b) for a, b in labels.items()]
    w.labels = "规则：" + gap.join(rows) + "。"
    worked = rng.random() < 0.5 if worked is None else worked
    if worked:
        w.extra = pick(rng, instructions.WORKED, words).replace("意图", NOUN[task])
    elif rng.random() < 0.5:
        w.only = pick(rng, instructions.ONLY, words)
    w.cue = rng.choice(["标签", "答案"]) if rng.random() < 0.3 else ""

    def said(name: str) -> str:
        return f"{name}，答案{labels[name]}" if worked else labels[name]

    pairs = []
    for _ in range((rng.randint(1, 4) if rng.random() < 0.4 and not later else 0) if shots is None else shots):
        name = rng.choice(chosen)
        sentiment = {"sentiment": name} if task == "sentiment" else {}
        drawn = messages.short(rng, intent=name) if task == "intent" else messages.draw(rng, **sentiment)
        if truth_of(drawn, task) in labels:
            pairs.append((drawn.text, said(truth_of(drawn, task))))
    segments = tuple(w.render("" if later else message.text, pairs))
    facts = {"labels": labels, "label": labels[truth], "truth": truth, "worked": worked}
    return Sample("rule", segments, said(truth), message, facts)


def examples(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    shots: int | None = None,
    classes: int | None = None,
    symbols: list[str] | None = None,
) -> Sample:
    """Ask for new labels that only examples explain.

    facts["best"]: the chance that a perfect reader is right, 1 when the asked intent is among the examples.
    """
    classes = classes or rng.choice([2, 2, 3, 3, 4])
    shots = rng.randint(1, 7) if shots is None else shots
    names = rng.sample(clauses.INTENTS, classes)
    labels = dict(zip(names, rng.sample(symbols or SYMBOLS, classes), strict=True))
    shown = rng.sample(names, classes)[: min(shots, classes)] + [rng.choice(names) for _ in range(shots - classes)]
    rng.shuffle(shown)
    truth = rng.choice(names)
    w = wording("intent", rng, words, odd=0.05)
    w.labels = "标签 有 " + " 、 ".join(rng.sample(list(labels.values()), classes)) + " 。"
    w.cue = "标签"
    pairs = [(messages.short(rng, intent=name).text, labels[name]) for name in shown]
    message = messages.draw(rng, split, truth) if rng.random() < 0.15 else messages.short(rng, split, truth)
    missing = [name for name in names if name not in shown]
    facts = {"labels": labels, "label": labels[truth], "best": 1.0 if truth in shown else 1 / len(missing)}
    return Sample("examples", tuple(w.render(message.text, pairs)), labels[truth], message, facts)


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
    """Ask for fields of the order, as JSON or ("line") in no named form; absent ones are null only when asked."""
    message = message or messages.draw(rng, split)
    names = rng.sample(list(orders.FIELDS), rng.randint(2, 5))
    if rng.random() < 0.3:
        names.insert(rng.randrange(len(names) + 1), rng.choice(["意图", "情感"]))
    form = form or rng.choice(["json", "json", "json", "json", "line"])
    nulls = rng.random() < 0.6 if nulls is None else nulls
    w = wording("fields", rng, words)
    asked = pick(rng, instructions.JSON, words) + " ，" if form == "json" else ""
    w.labels = " ".join(filter(None, [asked, pick(rng, instructions.FIELDS, words), " 、 ".join(names), "。"]))
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
    """Ask what the customer pays; mode: "steps", "direct" or "free" (nothing asked)."""
    message = messages.purchase(rng, split)
    w = wording("total", rng, words)
    mode = mode or rng.choices(["steps", "direct", "free"], [6, 2, 1])[0]
    if mode != "free":
        w.extra = pick(rng, instructions.STEPS if mode == "steps" else instructions.DIRECT, words)
    steps = mode == "steps" or (mode == "free" and rng.random() < 0.5)
    answer = sums.working(message) if steps else str(message.total)
    return Sample("total", tuple(w.render(message.text)), answer, message, {"mode": mode, "total": message.total})


def thing(message: Message) -> str:
    """Write what was bought as far as the message says it: 红色雨伞2把."""
    if "商品" not in message.fields:
        return ""
    order = message.order
    colour = order.colour if "颜色" in message.fields else ""
    count = f"{order.quantity}{orders.ITEMS[order.item]}" if "数量" in message.fields else ""
    return f"{colour}{order.item}{count}"


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
    bought = f"：{thing(message)}" if thing(message) else ""
    answer = f"顾客{message.intent}{bought}" + (f"，{message.reason}" if message.reason else "")
    return Sample("summary", tuple(w.render("" if later else message.text)), answer, message)


STYLES = {
    "正式": "尊敬的顾客，您好。{about}我们将为您{action}，请耐心等待。",
    "活泼": "亲亲～{matter}包在我身上，马上{action}哦！",
    "简短": "好的，马上{action}。",
}
ACTIONS = dict(zip(clauses.INTENTS, "办理退款 查询物流 办理换货 解答问题 处理投诉 转达表扬".split(), strict=True))
MARKS = {"正式": "尊敬的顾客", "活泼": "亲亲～", "简短": "好的，"}
TERM_HEADS = "安心 放心 极速 无忧 闪电 贴心 星星 云朵 阳光 小店 金牌 快乐 彩虹 春风".split()
TERM_TAILS = "退 换 查 答 办 谢 宝 通 卡 包 送 帮".split()


def reply(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
    terms: bool | None = None,
) -> Sample:
    """Ask for a reply in a style; the prompt's term for the intent must be used when it gives one."""
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
    action = f"办理{term}" if term else ACTIONS[message.intent]
    about, matter = (f"关于您的{item}，", f"{item}的事") if item else ("", "这件事")
    answer = STYLES[style].format(about=about, matter=matter, action=action)
    facts = {"style": style, "term": term, "item": item, "glossary": glossary}
    return Sample("reply", tuple(w.render("" if later else message.text)), answer, message, facts)


REFUSAL = "这不是小店的事，我不会。"
FOREIGN = [  # what people ask of a large model; most of these words are outside the vocabulary
    "写 一 首 关于 {n} 的 诗", "把 这 句 话 翻译 成 英文", "讲 一个 笑话", "用 Python 写 排序 函数", "{n} 是 什么 意思", "推荐 几 部 电影",
    "明天 {n} 会 下 雨 吗", "唱 首 歌", "谁 是 {n} 的 作者", "解释 一下 量子 力学", "今天 股票 涨 了 吗", "帮 我 订 机票", "你 叫 什么 名字",
    "证明 勾股 定理", "What is your name", "Translate this", "画 一 只 {n}", "写 一 篇 作文", "历史 上 {n} 发生 了 什么", "怎么 做 {n}",
]
NAMES = "李白 长城 恐龙 火箭 月亮 熊猫 大海 足球 钢琴 咖啡 地球 蛋糕 诗人 皇帝 飞机 老虎 春天 机器人 音乐 哲学".split()


def outside(rng: random.Random, split: str = "train", words: str = "train") -> Sample:
    """Ask for what the shop does not know; the answer is a refusal."""
    seen, held = FOREIGN[:-4], FOREIGN[-4:]
    ask = join(rng.choice(held if words == "held" else seen).replace("{n}", rng.choice(NAMES)))
    w = instructions.Wording(ask, polite=pick(rng, instructions.POLITE, words), frame=pick(rng, instructions.FRAME, words))
    text = messages.draw(rng, split).text if rng.random() < 0.4 else ""
    return Sample("outside", tuple(w.render(text)), REFUSAL)


MAKERS = {
    "intent": lambda rng, **how: classify("intent", rng, **how),
    "sentiment": lambda rng, **how: classify("sentiment", rng, **how),
    "tone": lambda rng, **how: classify("tone", rng, **how),
    "fields": fields,
    "total": total,
    "summary": summary,
    "reply": reply,
    "rule": rule,
    "examples": examples,
    "outside": outside,
}
ABOUT_A_MESSAGE = ("intent", "sentiment", "tone", "fields", "summary", "reply", "rule")


def draw(task: str, rng: random.Random, split: str = "train", words: str = "train", **how: Any) -> Sample:
    """Draw a sample of a task, one of ``MAKERS``."""
    return MAKERS[task](rng, split=split, words=words, **how)


def odd(rng: random.Random, split: str) -> str:
    """Draw an odd sentence that changes nothing."""
    return expand(rng.choice(instructions.ODD[split == "held"]), rng)
