"""The words of the world: what a tokenizer for it must know, in a fixed order.

Characters come first, then longer words; numbers are read digit by digit.
"""

from types import ModuleType

from aigc_kit.worlds.shop import clauses, instructions, messages, orders, patterns, tasks, texts
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


def words_of(value: object) -> set[str]:
    """Collect all words of the patterns in a constant of a module."""
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
    skipped = ("FOREIGN", "NAMES", "REFUSAL", "STYLES", "TYPOS", "ACTIONS")
    return set().union(*(words_of(v) for k, v in vars(module).items() if k.isupper() and k not in skipped))


def vocabulary() -> list[str]:
    """List the special tokens, then characters, then words."""
    words = set(EXTRA) | set(JSON_PIECES)
    for module in (clauses, instructions, orders, texts):
        words |= constants(module)
    words -= {*tasks.MAKERS, *orders.FIELDS.values()}
    words |= set("".join(messages.TYPOS.values())) | set(texts.REFUSAL) | set(orders.LETTERS)
    words = {"###" if "###" in w else w.strip("\n") or "\n" for w in words}
    characters = {c for word in words if word not in JSON_PIECES for c in word} | set('{}":,')
    whole = {w for w in words if len(w) > 1 and (w in JSON_PIECES or not any(c.isascii() and c.isalnum() for c in w))}
    whole = {w for w in whole if w in JSON_PIECES or w == "###" or not any(c in "，。：「」；、？！～" for c in w)}
    ordered = sorted(characters - {" "}) + sorted(whole, key=lambda w: (len(w), w))
    return SPECIAL + ordered
