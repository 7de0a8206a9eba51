"""Customers' messages, written from facts that every word carries."""

import random
from dataclasses import dataclass

from aigc_kit.worlds.shop import clauses, orders
from aigc_kit.worlds.shop.orders import ITEMS, NUMERALS, Order
from aigc_kit.worlds.shop.patterns import expand, pick

TYPOS = dict(
    zip(
        "退款换货快递查投服想到发问用物好差钱给收的在买",
        "腿宽唤祸块弟茶头福相倒法闻永务号叉前几手得再卖",
        strict=True,
    )
)
OFTEN = {"颜色": 0.6, "数量": 0.5, "单价": 0.25, "单号": 0.45, "日期": 0.35}  # how often a message names a field

Word = tuple[str, str]  # (text, the fact it carries or "")


@dataclass(frozen=True)
class Message:
    """One message with its facts.

    words: (text, fact) in order, a fact being 意图, 情感, 礼貌, 原因, 费用, 干扰, a field of the order, or "".
    fields: the order's fields that the text names. fee: yuan added or taken off, 0 when there is none.
    """

    words: tuple[Word, ...]
    intent: str
    sentiment: str
    tone: str
    order: Order
    fields: tuple[str, ...] = ()
    reason: str = ""
    fee: int = 0
    typos: int = 0
    trap: bool = False

    @property
    def text(self) -> str:
        """Return what the customer wrote."""
        return "".join(word for word, _ in self.words)

    @property
    def total(self) -> int:
        """Return what the customer pays, in yuan."""
        return self.order.price * self.order.quantity + self.fee

    def spans(self, *facts: str) -> list[tuple[int, int]]:
        """Find the characters that carry any of the facts.

        Returns (start, end) in ``text``, neighbours merged.
        """
        ranges: list[tuple[int, int]] = []
        at = 0
        for word, fact in self.words:
            if fact in facts:
                if ranges and ranges[-1][1] == at:
                    ranges[-1] = (ranges[-1][0], at + len(word))
                else:
                    ranges.append((at, at + len(word)))
            at += len(word)
        return ranges


def tag(spaced: str, fact: str) -> list[Word]:
    """Turn spaced words into words that carry the fact.

    Punctuation carries nothing.
    """
    return [(word, "" if word in "，。！？" else fact) for word in spaced.split(" ") if word]


def digits(value: object, fact: str) -> list[Word]:
    """Turn a value into one word for each character."""
    return [(character, fact) for character in str(value)]


def mention(order: Order, fields: tuple[str, ...], rng: random.Random) -> list[Word]:
    """Write the clause that names fields of the order.

    商品 is always among them.
    """
    unit = ITEMS[order.item]
    thing = tag(order.item, "商品")
    if "颜色" in fields:
        thing = tag(order.colour, "颜色") + tag(rng.choice(["", "的"]), "") + thing
    if "数量" in fields:
        count = tag(NUMERALS[order.quantity], "数量") if rng.random() < 0.4 else digits(order.quantity, "数量")
        count += tag(unit, "")
        thing = count + thing if rng.random() < 0.8 else thing + count
    verb = tag(rng.choice(["买 了", "订 了", "下单 了", "拍 了"]), "")
    if "日期" in fields:
        day = digits(order.date, "日期")
        start = tag("我", "") + day if rng.random() < 0.5 else day + tag("在 你们 店", "")
    else:
        start = tag(rng.choice(["我", "我 在 你们 店"]), "")
    parts = [start + verb + thing]
    if "日期" not in fields and rng.random() < 0.3:
        parts = [tag("买 的 是", "") + thing]
    if "单价" in fields:
        price, form = digits(order.price, "单价"), rng.randrange(3)
        if form < 2:
            parts.append(tag((f"每 {unit}", "单价")[form], "") + price + tag("元", ""))
        else:
            parts.append(price + tag(f"块 钱 一 {unit}", ""))
    if "单号" in fields:
        number = tag(rng.choice(["单号", "订单", "订单 号 是", "单号 是"]), "") + digits(order.number, "单号")
        parts.insert(rng.choice([0, len(parts)]), number)
    return comma(parts)


def comma(parts: list[list[Word]]) -> list[Word]:
    """Join clauses by commas, leaving out the empty ones."""
    words: list[Word] = []
    for part in filter(None, parts):
        words += ([("，", "")] if words else []) + part
    return words


def wish(rng: random.Random, split: str, intent: str, order: Order) -> list[Word]:
    """Write the clause of an intent.

    The item in it carries 商品.
    """
    words = tag(pick(rng, clauses.INTENT[intent], split).replace("{i}", order.item), "意图")
    return [(word, "商品" if word == order.item else fact) for word, fact in words]


def misspell(words: list[Word], rng: random.Random, count: int) -> tuple[list[Word], int]:
    """Put up to ``count`` typos into the words.

    Characters are wrong, doubled or lost, in words that carry no field of the order. Returns the words and how many.
    """
    words, slips = list(words), 0
    for _ in range(count):
        open_to = [k for k, (w, fact) in enumerate(words) if fact not in orders.FIELDS and any(c in TYPOS for c in w)]
        if not open_to:
            break
        k = rng.choice(open_to)
        word, fact = words[k]
        right, kind = rng.choice([c for c in word if c in TYPOS]), rng.random()
        wrong = TYPOS[right] if kind < 0.7 or len(word) == 1 else right + right if kind < 0.85 else ""
        words[k] = (word.replace(right, wrong, 1), fact)
        slips += 1
    return words, slips


def noise(rng: random.Random, split: str, intent: str) -> tuple[list[Word], bool]:
    """Write an idle sentence, or a trap.

    A trap names another intent. Returns the words and whether they are a trap.
    """
    trap = rng.random() < 0.3
    if trap:
        other = rng.choice([name for name in clauses.INTENTS if name != intent])
        return tag(pick(rng, clauses.TRAPS[other], split), "干扰"), True
    text = pick(rng, clauses.IDLE, split).replace("{x}", rng.choice(list(ITEMS)))
    return tag(text, "干扰"), False


def short(rng: random.Random, split: str = "train", intent: str | None = None, typos: float = 0.15) -> Message:
    """Draw a message of one clause, perhaps with an opening."""
    intent = intent or rng.choice(clauses.INTENTS)
    order = orders.draw(rng, split)
    words = wish(rng, split, intent, order)
    if rng.random() < 0.3:
        words = tag(expand(rng.choice(clauses.OPENING["普通"]), rng), "") + words
    words, slips = misspell(words, rng, int(rng.random() < typos))
    return Message(tuple(words), intent, clauses.FORCED.get(intent, "中性"), "普通", order, typos=slips)


def draw(
    rng: random.Random,
    split: str = "train",
    intent: str | None = None,
    sentiment: str | None = None,
    typos: float = 0.15,
) -> Message:
    """Draw a message.

    split: "held" takes unseen clauses and unseen colour-item pairs.
    A forced sentiment (投诉 is 负面, 表扬 is 正面) wins over ``sentiment``.
    """
    intent = intent or rng.choice(clauses.INTENTS)
    sentiment = clauses.FORCED.get(intent) or sentiment or rng.choice(clauses.SENTIMENTS)
    tone = rng.choices(clauses.TONES, [3, 5, 0 if sentiment == "正面" else 2])[0]
    order = orders.draw(rng, split)
    fields = ("商品", *(name for name, share in OFTEN.items() if rng.random() < share))
    details = mention(order, fields, rng) if rng.random() < 0.8 else []
    reason = rng.choice(clauses.REASONS) if intent in clauses.REASON_INTENTS and rng.random() < 0.5 else ""
    why = tag(pick(rng, clauses.REASON[reason], split), "原因") if reason else []
    want = wish(rng, split, intent, order)
    feeling = tag(pick(rng, clauses.FEELING[sentiment], split), "情感")
    body = [want, details, why, feeling] if rng.random() < 0.25 else [details, why, want, feeling]
    body = [part for part in body if part]
    trap = False
    if rng.random() < 0.4:
        idle, trap = noise(rng, split, intent)
        body.insert(rng.randrange(len(body) + 1), idle)
    first, last = greeting(rng, tone)
    end = tag(rng.choice(["", "。", "。" if sentiment == "中性" else "！"]), "")
    words = first + comma([*body, last]) + end
    words, slips = misspell(words, rng, int(rng.random() < typos) + int(rng.random() < typos / 3))
    # An item that only the clause of the intent names counts as named
    mentions = fields if details else ("商品",) if (order.item, "商品") in words else ()
    return Message(tuple(words), intent, sentiment, tone, order, mentions, reason, 0, slips, trap)


def greeting(rng: random.Random, tone: str) -> tuple[list[Word], list[Word]]:
    """Draw opening and closing.

    At least one of them shows the tone.
    """
    where = rng.choice(["first", "last", "both"]) if tone != "普通" else ""
    first = expand(rng.choice(clauses.OPENING[tone if where in ("first", "both") else "普通"]), rng)
    last = expand(rng.choice(clauses.CLOSING[tone if where in ("last", "both") else "普通"]), rng)
    return tag(first, "礼貌" if tone != "普通" else ""), tag(last, "礼貌" if tone != "普通" else "")


def purchase(rng: random.Random, split: str = "train") -> Message:
    """Draw a message that names quantity and unit price.

    It may name a fee or a discount of 2 to 9 yuan.
    """
    order = orders.draw(rng, split)
    fields = ("商品", "数量", "单价", *(("颜色",) if rng.random() < 0.5 else ()))
    parts = [mention(order, fields, rng)]
    kind, amount = rng.choice("+-0"), rng.randint(2, 9)
    if kind == "-" and order.price * order.quantity < 20:
        kind = "+"
    fee = {"+": amount, "-": -amount, "0": 0}[kind]
    if fee:
        before, after = rng.choice(
            [("运费", "元"), ("另 付 运费", "元")] if fee > 0 else [("优惠", "元"), ("用 了", "元 的 券")]
        )
        parts.append(tag(before, "费用") + digits(amount, "费用") + tag(after, "费用"))
    if rng.random() < 0.2:
        parts.insert(rng.choice([0, len(parts)]), noise(rng, split, "咨询")[0])
    words = comma(parts) + tag(rng.choice(["", "。"]), "")
    return Message(tuple(words), "咨询", "中性", "普通", order, fields, fee=fee)
