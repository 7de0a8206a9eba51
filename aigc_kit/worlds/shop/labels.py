"""Prompts whose answer is a label.

A label is one of the world's, one that the prompt defines, or one that only examples show.
``split`` names the messages (train, held), ``words`` the wordings of the instruction (train, held).
"""

import random

from aigc_kit.worlds.shop import clauses, instructions, messages, orders
from aigc_kit.worlds.shop.instructions import LABELS, NOUN, OTHER_NAMES, SYMBOLS, listed, wording
from aigc_kit.worlds.shop.messages import Message
from aigc_kit.worlds.shop.patterns import pick, row
from aigc_kit.worlds.shop.samples import Sample, truth_of

WIDE = [
    *SYMBOLS,
    *orders.ITEMS,
    *orders.COLOURS,
    *OTHER_NAMES.values(),
    *row("地址 电话 礼物 图纸 收据 会 谢 宝 通 卡 包 送"),
]


def row_form(rng: random.Random, words: str) -> str:
    """Draw how a row of a rule is written.

    Half of the seen ones name the label first, which is harder to read.
    """
    forms = [form.replace("_", "") for form in instructions.RULE[words == "held"]]
    first = [form for form in forms if form.startswith("{b}")]
    return rng.choice(first if first and rng.random() < 0.5 else [form for form in forms if form not in first])


def label_pool(rng: random.Random) -> list[str]:
    """Draw where the labels of a rule come from.

    Mostly from symbols, sometimes from any words, so that any can be copied.
    """
    return SYMBOLS if rng.random() < 0.6 else WIDE


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
        cases = [messages.short(rng) if task == "intent" else messages.draw(rng) for _ in range(count)]
        pairs = [(d.text, OTHER_NAMES[truth_of(d, task)] if other else truth_of(d, task)) for d in cases]
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
    """Ask for a label that the prompt defines.

    Such a rule is 退款 = A. worked: the prompt wants the intent first.
    """
    task = rng.choices(["intent", "sentiment", "tone"], [8, 1, 1])[0]
    names = LABELS[task]
    message = message or (messages.short(rng, split) if rng.random() < 0.3 else messages.draw(rng, split))
    truth = truth_of(message, task)
    others = rng.sample([n for n in names if n != truth], rng.randint(1, len(names) - 1))
    keys = list(names) if rng.random() < 0.5 else [truth, *others]
    keys = rng.sample(keys, len(keys))
    labels = dict(zip(keys, rng.sample(symbols or label_pool(rng), len(keys)), strict=True))
    w = wording(task, rng, words)
    gap, form = rng.choice(["，", "；"]), row_form(rng, words)
    rows = [form.replace("{a}", a).replace("{b}", b) for a, b in labels.items()]
    w.labels = "规则：" + gap.join(rows) + "。"
    worked = rng.random() < 0.5 if worked is None else worked
    if worked:
        w.extra = pick(rng, instructions.WORKED, words).replace("意图", NOUN[task])
    elif rng.random() < 0.5:
        w.only = pick(rng, instructions.ONLY, words)
    w.cue = rng.choice(["标签", "答案"]) if rng.random() < 0.3 else ""

    def answer_for(name: str) -> str:
        return f"{name}，答案{labels[name]}" if worked else labels[name]

    pairs = []
    for _ in range((rng.randint(1, 4) if rng.random() < 0.4 and not later else 0) if shots is None else shots):
        name = rng.choice(keys)
        sentiment = name if task == "sentiment" else None
        case = messages.short(rng, intent=name) if task == "intent" else messages.draw(rng, sentiment=sentiment)
        if truth_of(case, task) in labels:
            pairs.append((case.text, answer_for(truth_of(case, task))))
    segments = tuple(w.render("" if later else message.text, pairs))
    facts = {"labels": labels, "label": labels[truth], "truth": truth, "worked": worked}
    return Sample("rule", segments, answer_for(truth), message, facts)


def pairs(
    rng: random.Random,
    split: str = "train",
    words: str = "train",
    *,
    message: Message | None = None,
    later: bool = False,
    symbols: list[str] | None = None,
    worked: bool | None = None,
    rows: int | None = None,
) -> Sample:
    """Ask for a label of intent and sentiment together.

    The prompt defines it: 退款+负面 = A.
    Other rows share the intent or the sentiment with the right one. ``worked``: the prompt wants both first.
    ``rows`` of the rule: 3 to 12; None draws 3 to 5, as training does.
    """
    message = message or messages.draw(rng, split, intent=rng.choice(["退款", "物流", "换货", "咨询"]))
    truth = (message.intent, message.sentiment)
    free = [name for name in clauses.INTENTS if name not in clauses.FORCED]
    every = [(a, b) for a in free for b in clauses.SENTIMENTS if (a, b) != truth]
    near = [pair for pair in every if pair[0] == truth[0] or pair[1] == truth[1]]
    keys = [truth, *rng.sample(near, 2)]
    more = rng.randint(0, 2) if rows is None else rows - len(keys)
    keys += rng.sample([pair for pair in every if pair not in keys], more)
    keys = rng.sample(keys, len(keys))
    labels = dict(
        zip(["+".join(pair) for pair in keys], rng.sample(symbols or label_pool(rng), len(keys)), strict=True)
    )
    w = wording("intent", rng, words)
    gap = rng.choice(["，", "；"])
    form = row_form(rng, words)
    w.labels = "规则：" + gap.join(form.replace("{a}", a).replace("{b}", b) for a, b in labels.items()) + "。"
    worked = rng.random() < 0.5 if worked is None else worked
    if worked:
        w.extra = pick(rng, instructions.WORKED, words).replace("意图", "意图和情感")
    elif rng.random() < 0.5:
        w.only = pick(rng, instructions.ONLY, words)
    label = labels["+".join(truth)]
    answer = f"{truth[0]}，{truth[1]}，答案{label}" if worked else label
    facts = {"labels": labels, "label": label, "truth": "，".join(truth), "worked": worked}
    return Sample("pairs", tuple(w.render("" if later else message.text)), answer, message, facts)


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
    labels = dict(zip(names, rng.sample(symbols or label_pool(rng), classes), strict=True))
    kinds = rng.sample(names, classes)[: min(shots, classes)] + [rng.choice(names) for _ in range(shots - classes)]
    rng.shuffle(kinds)
    truth = rng.choice(names)
    w = wording("intent", rng, words, odd=0.05)
    w.labels = "标签 有 " + " 、 ".join(rng.sample(list(labels.values()), classes)) + " 。"
    w.cue = "标签"
    pairs = [(messages.short(rng, intent=name).text, labels[name]) for name in kinds]
    message = messages.draw(rng, split, truth) if rng.random() < 0.15 else messages.short(rng, split, truth)
    missing = [name for name in names if name not in kinds]
    facts = {"labels": labels, "label": labels[truth], "best": 1.0 if truth in kinds else 1 / len(missing)}
    return Sample("examples", tuple(w.render(message.text, pairs)), labels[truth], message, facts)
