"""The words of the world, and what is outside it.

A program tells only so much: that nothing is said, that a text is too long, or that its characters are unknown.
"""

from dataclasses import dataclass
from functools import cache
from types import ModuleType

from aigc_kit.worlds.shop import clauses, free_texts, instructions, messages, orders, patterns
from aigc_kit.worlds.shop.patterns import row

SPECIAL = ["<pad>", "<unk>", "<结束>", "<用户>", "<助手>"]
JSON_PIECES = ['{"', '":"', '","', '"}', '":', ',"', ":", "{", "}", '"', "null", "JSON", "{}"]
EXTRA = row(  # what functions write around the patterns
    "× + - = 0 1 2 3 4 5 6 7 8 9 元 答案 ？ ！ 。 ， 、 ； ： 「 」 ～ ### \n 个位 十位 写 进 借 得 "
    "抄写 文本 输入 输出 写出 步骤 计算 算一下 规则 术语 字段 标签 类别 意图 情感 语气 "
    "尊敬 的 顾客 您好 关于 您 我们 将 为 办理 请 耐心 等待 亲亲 事 这 件 包 在 我 身上 "
    "马上 哦 好的 查询 物流 解答 问题 处理 转达 这条 消息 是 没有 不是 小店 会 不 "
    "买 订 下单 拍 了 你们 店 每 单价 块 钱 一 单号 订单 号 运费 另 付 优惠 用 券"
)
LONGEST = 400  # characters of a prompt; what is longer than any prompt of the training is outside
LEAST_KNOWN = 0.8  # share of a prompt's characters


def words_of(value: object) -> set[str]:
    """Collect all words of the patterns in a constant."""
    if isinstance(value, str):
        slots = [row for slot in patterns.choices(value) for row in slot]
        return {word for row in slots for word in row.split(" ") if word and "{" not in word}
    if isinstance(value, dict):
        return set().union(*(words_of(v) for pair in value.items() for v in pair))
    if isinstance(value, list | tuple):
        return set().union(*map(words_of, value)) if value else set()
    return set()


def constants(module: ModuleType) -> set[str]:
    """Collect all words of a module's constants."""
    apart = ("FOREIGN", "NAMES", "REFUSAL", "STYLES", "TYPOS", "ACTIONS")
    return set().union(*(words_of(v) for k, v in vars(module).items() if k.isupper() and k not in apart))


def vocabulary() -> list[str]:
    """List the words for a tokenizer, in a fixed order.

    Special tokens come first, then characters, then longer words. Numbers are read digit by digit.
    """
    words = set(EXTRA) | set(JSON_PIECES)
    for module in (clauses, instructions, orders, free_texts):
        words |= constants(module)
    words -= {*instructions.ASK, *orders.FIELDS.values()}
    words |= set("".join(messages.TYPOS.values())) | set(free_texts.REFUSAL) | set(orders.LETTERS)
    words = {"###" if "###" in w else w.strip("\n") or "\n" for w in words}
    characters = {c for word in words if word not in JSON_PIECES for c in word} | set('{}":,')
    whole = {w for w in words if len(w) > 1 and (w in JSON_PIECES or not any(c.isascii() and c.isalnum() for c in w))}
    whole = {w for w in whole if w in JSON_PIECES or w == "###" or not any(c in "，。：「」；、？！～" for c in w)}
    rows = sorted(characters - {" "}) + sorted(whole, key=lambda w: (len(w), w))
    return SPECIAL + rows


@dataclass(frozen=True)
class Look:
    """What the program sees in a prompt.

    reason: why it is outside the world, in Chinese; empty when nothing says so. known: share of its characters that
    the world has, in 0..1. unknown: the others, each once, in the order of the text.
    """

    reason: str
    known: float
    unknown: tuple[str, ...]

    @property
    def outside(self) -> bool:
        """Tell whether the prompt is outside the world for certain."""
        return bool(self.reason)


@cache
def characters() -> frozenset[str]:
    """Collect the characters of the world."""
    return frozenset(character for word in vocabulary() if word not in SPECIAL for character in word)


def look(prompt: str) -> Look:
    """Look at a prompt.

    A text that passes may still ask for what the shop does not know.

    >>> look("我想退款").outside, look("What is the weather like?").outside, look(" ").reason
    (False, True, '什么也没有说')
    """
    text = [character for character in prompt if not character.isspace()]
    if not text:
        return Look("什么也没有说", 1.0, ())
    unknown = [character for character in text if character not in characters()]
    share = 1 - len(unknown) / len(text)
    once = tuple(dict.fromkeys(unknown))
    if len(prompt) > LONGEST:
        return Look(f"太长：{len(prompt)} 个字，最多 {LONGEST} 个", share, once)
    if share < LEAST_KNOWN:
        return Look(f"小店不认识其中 {len(unknown)} 个字", share, once)
    return Look("", share, once)
