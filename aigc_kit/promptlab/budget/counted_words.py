"""Define the density of a prompt as a counted number.

The article writes (entities + 2 constraints + verbs) / window and names neither the words nor the window. Here the
words are lists over the shop's closed world, and the window is the tokens of the prompt.
"""

from dataclasses import dataclass

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.shop import clauses, orders
from aigc_kit.worlds.shop.instructions import OTHER_NAMES
from aigc_kit.worlds.shop.patterns import row

ENTITIES = (
    *orders.ITEMS, *orders.COLOURS, *orders.FIELDS, *clauses.INTENTS, *clauses.SENTIMENTS, *clauses.TONES, *OTHER_NAMES,
    *row("意图 情感 语气 诉求 目的 类别 标签 字段 订单 消息 顾客 术语 总价 货款 包裹"),
)  # fmt: skip
CONSTRAINTS = tuple(row("只能 只 不要 不用 直接 必须 一个词 一行 一句话 从 中选 在前 最多 至少 JSON null 没有的"))
VERBS = tuple(row("判断 分析 提取 抽取 输出 给出 写出 写 说出 回答 计算 算出 概括 总结 回复 分类 识别 解释 选"))


@dataclass(frozen=True)
class Density:
    """Hold what a prompt says, counted.

    Args:
        entities, constraints, verbs: words of the lists, each place once.
        tokens: the window.
    """

    entities: int
    constraints: int
    verbs: int
    tokens: int

    @property
    def value(self) -> float:
        """Give (entities + 2 constraints + verbs) / tokens."""
        return (self.entities + 2 * self.constraints + self.verbs) / self.tokens


def density(text: str, tokens: int) -> Density:
    """Count a prompt's words of each kind.

    Args:
        text: any; longer words win where two overlap.
        tokens: of the text, 1 or more.

    Raises:
        BadInput: no tokens.

    >>> density("提取单号，只输出JSON", 6)
    Density(entities=1, constraints=2, verbs=2, tokens=6)
    """
    if tokens < 1:
        raise BadInput(
            asked=Words("the density of a prompt", "提示词的密度"),
            found=Words(f"{tokens} tokens", f"{tokens} 个词元"),
            todo=Words("give a text of one token at least", "至少给一个词元的文字"),
        )
    kinds = {word: kind for kind, words in enumerate((ENTITIES, CONSTRAINTS, VERBS)) for word in words}
    counts, at = [0, 0, 0], 0
    lengths = sorted({len(word) for word in kinds}, reverse=True)
    while at < len(text):
        length = next((n for n in lengths if text[at : at + n] in kinds), 0)
        if length:
            counts[kinds[text[at : at + length]]] += 1
        at += length or 1
    return Density(counts[0], counts[1], counts[2], tokens)


def risen(before: float, after: float, kept_share: float = 1.0) -> float:
    """Tell how much density rises when a text gets shorter.

    Args:
        before, after: tokens.
        kept_share: of what it says, in 0..1.

    >>> round(risen(387, 215), 2), round(risen(387, 215, kept(387, 215, 0.62)), 2)
    (0.8, 0.62)
    """
    return kept_share * before / after - 1


def kept(before: float, after: float, rise: float) -> float:
    """Tell what share of the facts a claimed rise leaves.

    >>> round(kept(291, 156, 0.78), 2)
    0.95
    """
    return (1 + rise) * after / before
