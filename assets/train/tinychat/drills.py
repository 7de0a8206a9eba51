"""Drills without meaning: reciting, looking up in a table, the small tables of arithmetic.

They make the circuits that labels in a prompt, values in JSON and sums need, and they are dense: most of their
tokens after the first lines are answers.
"""

import random

from aigc_kit.worlds.shop import clauses, free_texts, instructions, orders, sums
from aigc_kit.worlds.shop.samples import Sample

POOL = (
    instructions.SYMBOLS
    + instructions.HELD_SYMBOLS
    + list(orders.ITEMS)
    + orders.COLOURS
    + [*clauses.INTENTS, *clauses.SENTIMENTS, *clauses.TONES, *orders.FIELDS]
)


def value(rng: random.Random) -> str:
    """One word, or something of several tokens: a number, a date, an order's number, a term."""
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(POOL)
    if kind < 0.65:
        return rng.choice(free_texts.TERM_HEADS) + rng.choice(free_texts.TERM_TAILS)
    if kind < 0.8:
        return rng.choice(orders.LETTERS) + "".join(rng.sample("0123456789", 3))
    if kind < 0.9:
        return str(rng.randint(10, 999))
    return f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日"


def copy(rng: random.Random) -> Sample:
    """Recite a row of words and numbers."""
    row = "".join(rng.choice([*POOL, *"0123456789" * 5]) for _ in range(rng.randint(3, 10)))
    ask = rng.choice(["输出下面的文本：", "请输出文本：", "输出输入的文本：", "抄写："])
    return Sample("copy", ((ask + row, False),), row)


def lookup(rng: random.Random) -> Sample:
    """Look words up in a table that the prompt gives, several times each."""
    count = rng.choice([2, 2, 3, 3, 4, 5, 6])
    keys = rng.sample(POOL, count)
    several = rng.random() < 0.4
    values = [value(rng) for _ in keys] if several else rng.sample(POOL, count)
    table = dict(zip(keys, values, strict=True))
    gap = rng.choice(["，", "；", "、"])
    form = rng.choice([f.replace("_", "") for rows in (instructions.RULE, instructions.TERM[:1]) for f in rows[0]])
    rows = [form.replace("{a}", a).replace("{b}", b) for a, b in table.items()]
    segments = [(rng.choice(["规则：", "术语：", "字段："]) + gap.join(rows) + "。", False)]
    asked = [key for _ in range(3) for key in rng.sample(keys, count)][: rng.randint(3, 8)]
    for key in asked[:-1]:
        segments += [(f"\n{key}：", False), (table[key], True)]
    return Sample("lookup", (*segments, (f"\n{asked[-1]}：", False)), table[asked[-1]])


def order_book(rng: random.Random) -> Sample:
    """Look up fields of an order that the prompt lists, in another order and form."""
    order = orders.draw(rng, "train")
    names = rng.sample(list(orders.FIELDS), rng.randint(3, 6))
    gap, join = rng.choice(["，", "；"]), rng.choice(["", "：", "是"])
    told = gap.join(f"{name}{join}{order.value(name)}" for name in names)
    asked = rng.sample(names, rng.randint(2, len(names)))
    segments: list[tuple[str, bool]] = [(told + "。", False)]
    for name in asked[:-1]:
        segments += [(f"\n{name}：", False), (str(order.value(name)), True)]
    return Sample("order_book", (*segments, (f"\n{asked[-1]}：", False)), str(order.value(asked[-1])))


def fact(rng: random.Random) -> tuple[str, str]:
    """(question, answer) of one small sum."""
    kind = rng.random()
    if kind < 0.4:
        a, b = rng.randint(0, 9), rng.randint(1, 9)
        return f"{a}×{b}=", f"{a * b}写{a * b % 10}进{a * b // 10}"
    if kind < 0.65:
        a, b, carry = rng.randint(1, 9), rng.randint(1, 9), rng.randint(0, 8)
        return f"{a * b}+{carry}=", str(a * b + carry)
    if kind < 0.8:
        a, b = rng.randint(0, 9), rng.randint(2, 9)
        return f"{a}+{b}=", f"{a + b}写{(a + b) % 10}进{(a + b) // 10}"
    if kind < 0.93:
        a, b = rng.randint(0, 9), rng.randint(2, 9)
        borrowed = int(a < b)
        a += 10 * borrowed
        return f"{a}-{b}=", f"{a - b}写{a - b}借{borrowed}"
    a, b = rng.randint(1, 89), rng.randint(0, 1)
    return f"{a}-{b}=", str(a - b)


def tables(rng: random.Random) -> Sample:
    """Small sums, many in a row."""
    rows = [fact(rng) for _ in range(rng.randint(4, 8))]
    segments: list[tuple[str, bool]] = [(rng.choice(["计算：", "算一下："]), False)]
    for question, answer in rows[:-1]:
        segments += [(f"\n{question}", False), (answer, True)]
    return Sample("tables", (*segments, (f"\n{rows[-1][0]}", False)), rows[-1][1])


def written(rng: random.Random) -> Sample:
    """A product or an addition in steps, without a message."""
    if rng.random() < 0.6:
        price, count = rng.randint(10, 99), rng.randint(1, 9)
        return Sample("written", ((f"{price}×{count}，写出步骤。", False),), sums.product(price, count))
    left, right = rng.randint(20, 891), rng.choice([-1, 1]) * rng.randint(2, 9)
    return Sample(
        "written", ((f"{left}{'+' if right > 0 else '-'}{abs(right)}，写出步骤。", False),), sums.addition(left, right)
    )


DRILLS = {"copy": copy, "lookup": lookup, "order_book": order_book, "tables": tables, "written": written}
