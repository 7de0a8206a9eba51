"""Tell a language model what to write, part by part.

An article of three parts by a general model, or a reply by the shop's own model in its world.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.works.team.asks import Ask
from aigc_kit.worlds.shop import clauses

Model = Callable[[Sequence[str], int], list[str]]
"""(prompts, seed) -> their answers."""

TOPICS_EN = {
    "量子计算": "quantum computing",
    "黑洞": "black holes",
    "疫苗": "vaccines",
    "为什么天空是蓝色的": "why the sky is blue",
}
_TOPIC = re.compile(r"关于(?P<zh>[^，。的]+)的?|about (?P<en>[\w ]+)")


class Writer(Protocol):
    """Hold how a project is written.

    `idea` gives the opening, `parts` the paragraphs; both ask the model through a function of prompts and seed.
    """

    shop: bool
    measured: tuple[Ask, ...]

    def check(self, goal: str) -> None:
        """Refuse a goal that it cannot write about."""

    def idea(self, goal: str, ask: Model) -> str:
        """Write an opening."""

    def parts(
        self, goal: str, asks: Sequence[Ask], material: str, ask: Model, seed: int, only: Collection[int]
    ) -> list[str]:
        """Write these parts, all without any, others ""."""


@dataclass(frozen=True)
class ArticleWriter:
    """Write a popular article of three parts.

    Args:
        chinese: what the model writes.
    """

    chinese: bool
    shop: bool = False
    measured: tuple[Ask, ...] = (Ask("sentence", most=22), Ask("examples", least=1), Ask("paragraphs", least=3))

    def topic(self, goal: str) -> str:
        """Read the topic of a goal.

        Raises:
            BadInput: a Chinese topic that an English model cannot be told.
        """
        match = _TOPIC.search(goal)
        topic = (match["zh"] or match["en"]).strip() if match else goal.strip()
        if self.chinese or topic.isascii():
            return topic
        if topic not in TOPICS_EN:
            raise BadInput(
                asked=Words(f"an article on {topic!r}", f"一篇关于“{topic}”的文章"),
                found=Words("the model here writes English only", "这台机器上会写文章的模型只会英文"),
                todo=Words("say the topic in English: 'about black holes'", "用英文写题目，例如 'about black holes'"),
            )
        return TOPICS_EN[topic]

    def check(self, goal: str) -> None:
        """Refuse a goal whose topic cannot be told."""
        self.topic(goal)

    def idea(self, goal: str, ask: Model) -> str:
        """Ask for one analogy."""
        zh = "用一句话，拿生活里的东西给{topic}打个比方。"
        en = "Explain {topic} by one everyday analogy, in one short sentence."
        return ask([(zh if self.chinese else en).format(topic=self.topic(goal))], 0)[0]

    def parts(
        self, goal: str, asks: Sequence[Ask], material: str, ask: Model, seed: int, only: Collection[int]
    ) -> list[str]:
        """Ask what it is, how it works, what for."""
        topic = self.topic(goal)
        zh = ("用三句话讲{topic}是什么。", "用三句话讲{topic}是怎么工作的。", "用三句话讲{topic}有什么用。")
        en = (
            "Explain in three sentences what {topic} is.",
            "Explain in three sentences how {topic} works.",
            "Explain in three sentences what {topic} is used for.",
        )
        notes = f"\n{'材料' if self.chinese else 'Notes'}: {material}" if material else ""
        prompts = {}
        for number, question in enumerate(zh if self.chinese else en, 1):
            if not only or number in only:
                wishes = " ".join(self._wish(each) for each in asks if each.part in (0, number))
                prompts[number] = f"{question.format(topic=topic)} {wishes}{notes}".strip()
        told = dict(zip(prompts, ask(list(prompts.values()), seed), strict=True))
        return [" ".join(told.get(number, "").split()) for number in (1, 2, 3)]

    def _wish(self, ask: Ask) -> str:
        words = {
            "sentence": ("句子要短，用小学生也懂的词。", "Use very short sentences and simple words."),
            "examples": ("举一个以“例如”开头的例子。", "Give one example that begins with 'For example,'."),
            "length": ("写短一些。", "Be brief.") if ask.most is not None else ("写长一些。", "Give more detail."),
            "ending": ("最后用“所以”收尾。", "End with a sentence that begins with 'So,'."),
            "has": (f"必须写到“{ask.words}”。", f"Use the word '{ask.words}'."),
        }
        return words.get(ask.measure, ("", ""))[not self.chinese]


@dataclass(frozen=True)
class ReplyWriter:
    """Reply to a customer, in the world of the shop.

    The goal is the customer's message.
    """

    shop: bool = True
    measured: tuple[Ask, ...] = (Ask("length", least=4), Ask("length", most=60))

    def check(self, goal: str) -> None:
        """Accept any message: outside the shop its model refuses."""

    def idea(self, goal: str, ask: Model) -> str:
        """Ask what the customer wants."""
        labels = "、".join(clauses.INTENTS)
        return ask([f"判断下面消息的意图，从{labels}中选一个。只输出标签。\n消息：{goal}"], 0)[0]

    def parts(
        self, goal: str, asks: Sequence[Ask], material: str, ask: Model, seed: int, only: Collection[int]
    ) -> list[str]:
        """Ask for a reply in a style, with a term."""
        style = next((each.words for each in asks if each.measure == "style"), "正式")
        terms = [each.words for each in asks if each.measure == "has"]
        intent = self.idea(goal, ask) if terms else ""
        given = "术语：" + "，".join(f"{intent}叫「{term}」" for term in terms[:1]) + "。" if terms else ""
        return ask([f"回复这位顾客，用{style}的语气。{given}\n消息：{goal}"], seed)


def writer_for(project_type: str, model: str) -> Any:
    """Choose a writer by project type and model."""
    if "客服" in project_type:
        return ReplyWriter()
    return ArticleWriter(chinese=model != "smollm2-135m")
