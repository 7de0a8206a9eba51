"""The tokenizer: the words of the world's patterns and all their characters; loads with AutoTokenizer.

A Unigram model with one cost for every token divides a text into the fewest tokens. Numbers are read digit by digit.
"""

import json
import random
from types import ModuleType

from aigc_kit.worlds.shop import clauses, instructions, messages, orders, patterns, tasks
from aigc_kit.worlds.shop.tasks import Sample

from . import paths

SPECIAL = ["<pad>", "<unk>", "<结束>", "<用户>", "<助手>"]
PAD, UNKNOWN, END, USER, ASSISTANT = SPECIAL
JSON_PIECES = ['{"', '":"', '","', '"}', '":', ',"', ":", "{", "}", '"', "null", "JSON", "{}"]
EXTRA = (
    "× + - = 0 1 2 3 4 5 6 7 8 9 元 答案 ？ ！ 。 ， 、 ； ： 「 」 ～ ### \n 个位 十位 写 进 借 得 抄写 文本 输入 输出 写出 步骤 "
    "计算 算一下 规则 术语 字段 标签 类别 意图 情感 语气 尊敬 的 顾客 您好 关于 您 我们 将 为 办理 请 耐心 等待 亲亲 事 这 件 包 在 我 身上 "
    "马上 哦 好的 查询 物流 解答 问题 处理 转达 这条 消息 是 没有 不是 小店 会 不"
).split(" ")
TEMPLATE = (
    "{% for m in messages %}{{ '<用户>' if m['role'] == 'user' else '<助手>' }}{{ m['content'] }}"
    "{{ '<结束>' if m['role'] == 'assistant' else '' }}{% endfor %}{% if add_generation_prompt %}<助手>{% endif %}"
)
LONGEST = 512  # positions


def words_of(value: object) -> set[str]:
    """All words of the patterns in a constant of a module."""
    if isinstance(value, str):
        slots = [row for slot in patterns.choices(value) for row in slot]
        return {word for row in slots for word in row.split(" ") if word and "{" not in word}
    if isinstance(value, dict):
        return set().union(*(words_of(v) for pair in value.items() for v in pair))
    if isinstance(value, list | tuple):
        return set().union(*map(words_of, value)) if value else set()
    return set()


def constants(module: ModuleType) -> set[str]:
    """All words of a module's constants."""
    skipped = ("FOREIGN", "NAMES", "REFUSAL", "STYLES", "TYPOS", "MAKERS", "ABOUT_A_MESSAGE", "ACTIONS")
    return set().union(*(words_of(v) for k, v in vars(module).items() if k.isupper() and k not in skipped))


def vocabulary() -> list[str]:
    """The special tokens, then characters, then words."""
    words = set(EXTRA) | set(JSON_PIECES)
    for module in (clauses, instructions, orders, tasks):
        words |= constants(module)
    words -= set(tasks.MAKERS) | set(orders.FIELDS.values()) | {"json", "line", "intent", "sentiment", "tone", "fields", "total"}
    drawn = random.Random(0)
    for _ in range(2000):  # words that functions write
        message = messages.draw(drawn, "train", typos=0)
        words |= {word for word, _ in message.words} | {word for word, _ in messages.purchase(drawn).words}
    words |= set("".join(messages.TYPOS.values())) | set(tasks.REFUSAL) | set(orders.LETTERS)
    words = {"###" if "###" in w else w.strip("\n") or "\n" for w in words}
    characters = {c for word in words if word not in JSON_PIECES for c in word} | set('{}":,')
    whole = {w for w in words if len(w) > 1 and (w in JSON_PIECES or not any(c.isascii() and c.isalnum() for c in w))}
    whole = {w for w in whole if w in JSON_PIECES or w == "###" or not any(c in "，。：「」；、？！～" for c in w)}
    ordered = sorted(characters - {" "}) + sorted(whole, key=lambda w: (len(w), w))
    return SPECIAL + ordered


def build() -> int:
    """Write the tokenizer's files; returns the number of tokens."""
    rows = vocabulary()
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "added_tokens": [{"id": n, "content": t, "special": True, **flags} for n, t in enumerate(SPECIAL)],
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "Unigram",
            "unk_id": 1,
            "vocab": [[word, -10.0 - 0.001 * (len(word) == 1)] for word in rows],
            "byte_fallback": False,
        },
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "eos_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": LONGEST,
        "padding_side": "left",
        "chat_template": TEMPLATE,
    }
    paths.MODEL.mkdir(parents=True, exist_ok=True)
    for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        (paths.MODEL / name).write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")
    return len(rows)


class Encoder:
    """Turns samples into ids and loss weights."""

    def __init__(self, split: float = 0.0) -> None:
        """split: the share of longer words in prompts that are read character by character."""
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(paths.MODEL / "tokenizer.json"))
        self.size = self.tokenizer.get_vocab_size()
        self.ids = {token: self.tokenizer.token_to_id(token) for token in SPECIAL}
        self.split_share = split
        table = self.tokenizer.get_vocab()
        self.characters = {
            number: [table[c] for c in word]
            for word, number in table.items()
            if len(word) > 1 and word not in SPECIAL and word not in JSON_PIECES and word != "###"
        }

    def text(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def roughened(self, ids: list[int], rng: random.Random) -> list[int]:
        """Some words in characters, so that those are known too."""
        rough: list[int] = []
        for number in ids:
            rough += self.characters[number] if number in self.characters and rng.random() < self.split_share else [number]
        return rough

    def turn(self, sample: Sample, rng: random.Random | None = None, prompt_weight: float = 0.1) -> tuple[list[int], list[float]]:
        """ids and the loss weight of each as a target. Short answers weigh more; examples' answers weigh 2."""
        ids, weights = [self.ids[USER]], [0.0]
        for text, is_answer in sample.segments:
            piece = self.text(text)
            if rng is not None and not is_answer:
                piece = self.roughened(piece, rng)
            ids += piece
            weights += [2.0 if is_answer else prompt_weight] * len(piece)
        answer = [*self.text(sample.answer), self.ids[END]]
        ids += [self.ids[ASSISTANT], *answer]
        weights += [0.0] + [max(1.0, 6 / len(answer))] * (len(answer) - 1) + [1.0]
        return ids, weights

    def conversation(self, turns: list[Sample], rng: random.Random | None = None) -> tuple[list[int], list[float]]:
        """The turns of a conversation in a row."""
        ids, weights = [], []
        for sample in turns:
            more, weight = self.turn(sample, rng)
            ids += more
            weights += weight
        return ids, weights
