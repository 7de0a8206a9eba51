"""The poem model's task as a PromptTask.

How it is asked decides how often form and rhyme come out right.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds import verse
from aigc_kit.worlds.prompt_task import TEXT, Item, Mark, share

TITLES = {
    "train": ["春日", "秋夜", "江上", "山中", "送别", "夜雨", "早梅", "登楼", "寒食", "渔父", "溪居", "晚晴"],
    "held": ["春夜", "秋日", "江楼", "山居", "送友人", "夜泊", "梅花", "登山", "清明", "田家", "溪上", "晚望"],
}


@dataclass(frozen=True)
class VerseTask:
    """Write a regular poem on a title, in one form.

    An instruction is the text that the model continues, with {text} for the title: "<五绝>{text}<诗>", with a rhyme
    "<五绝>{text}<诗><韵东>", without a plan for the rhyme "<五绝>{text}<诗><不限韵>".
    """

    form: str = "五言绝句"
    name: str = "verse"
    about: str = "按题目写一首格律诗"
    metric: str = "体裁和押韵都对、又不重复的比例"
    labels: tuple[str, ...] = ()

    @property
    def instruction(self) -> str:
        """Give the usual way to ask: form and title alone."""
        return f"<{verse.form_named(self.form).short}>{TEXT}<诗>"

    def items(self, count: int, *, split: str = "train", seed: int = 0) -> list[Item]:
        """Draw titles, the same at every call.

        The items have no answer, for many poems are right. Raises BadInput for another split than "train" and "held".
        """
        if split not in TITLES or count < 0:
            raise BadInput(
                asked=Words(f"{count} titles of the split {split!r}", f"{split!r} 里的 {count} 个题目"),
                found=Words("no such titles", "没有这样的题目"),
                todo=Words(
                    'split: "train" or "held"; count: 0 or more', 'split 写 "train" 或 "held"；count 是 0 或更大'
                ),
            )
        rng = random.Random(f"{self.name} {split} {seed}")
        titles = [rng.choice(TITLES[split]) for _ in range(count)]
        return [
            Item(f"verse-{split}-{seed}-{number}", title, "", self.form, ((0, len(title)),))
            for number, title in enumerate(titles)
        ]

    def prompt(self, instruction: str, item: Item, shots: Sequence[Item] = ()) -> str:
        """Put the title into the instruction.

        Raises BadInput for examples: the model reads none.
        """
        if shots:
            raise BadInput(
                asked=Words("a poem after examples", "先给例子、再写诗"),
                found=Words("the poem model reads none", "诗歌模型不读例子"),
                todo=Words("leave shots empty", "不给 shots"),
            )
        return instruction.replace(TEXT, item.text)

    def check(self, item: Item, answer: str) -> Mark:
        """Judge a poem by the rules of its form.

        What stands before <诗> is left out.
        """
        verdict = verse.check(verse.body_of(answer), item.truth)
        parts = (("体裁", verdict.form_ok), ("押韵", verdict.rhyme_ok), ("不重复", not verdict.repeated))
        wrong = [part for part, right in parts if not right]
        return Mark(verdict.ok, f"不对：{'、'.join(wrong)}" if wrong else "", parts)

    def score(self, marks: Sequence[Mark]) -> float:
        """Return the share of poems that keep the rules."""
        return share(marks)
