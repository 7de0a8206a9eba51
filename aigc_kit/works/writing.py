"""Write the article in a conversation, every round kept."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Plan, Take, Words
from aigc_kit.works.review import Review, review

if TYPE_CHECKING:
    from aigc_kit.works.work import Work

SETTINGS = {"chat": True, "temperature": 0.8, "top_p": 0.9, "max_new_tokens": 700}

FOLLOW_UP = """这是你写的文章：

{article}

请按下面的意见重写全文，只输出改好的正文：{wish}"""


@dataclass(frozen=True)
class Round:
    """Hold one round: wish, answer, review, run."""

    wish: str
    text: str
    review: Review
    take: Take


class Conversation:
    """Hold rounds that each rewrite the last draft.

    Args:
        card: of a model ("endpoint" for a server of your own, to which the prompts are sent); None: a Chinese one here.
        planner, runner: `aigc_kit.make.text.plan_for` and `run`; others for tests.
        values: settings of `plan_for`, over SETTINGS.
    """

    def __init__(
        self,
        card: str | None = None,
        *,
        planner: Callable[..., Plan] | None = None,
        runner: Callable[..., Take] | None = None,
        **values: Any,
    ) -> None:
        from aigc_kit.make import text

        self.card, self.values = card, {**SETTINGS, **values}
        self._plan, self._run = planner or text.plan_for, runner or text.run
        self.rounds: list[Round] = []

    def start(self, prompt: Any, on_step: Any = None) -> Round:
        """Write the first draft.

        Raises:
            NotOnDisk: no model that writes Chinese is on this machine; paste a text, or take the sample.
        """
        self.rounds = []
        return self._ask(str(prompt), str(prompt), on_step)

    def again(self, wish: str, on_step: Any = None) -> Round:
        """Write a new draft after a wish.

        Raises:
            BadInput: no draft yet, or no wish.
        """
        if not self.rounds or not wish.strip():
            raise BadInput(
                asked=Words(f"a rewrite: {wish!r}", f"改写：{wish!r}"),
                found=Words("no draft yet, or no wish", "还没有草稿，或没有写要求"),
                todo=Words("start(prompt) first", "先调用 start(提示词)"),
            )
        return self._ask(wish, FOLLOW_UP.format(article=self.rounds[-1].text, wish=wish.strip()), on_step)

    def into(self, work: "Work", number: int = -1) -> None:
        """Put a draft into a work, and log earlier rounds."""
        turn = self.rounds[number]
        work.take(turn.take)
        for earlier in self.rounds[: self.rounds.index(turn)]:
            work.log("text", earlier.wish, str(earlier.take.plan.card.name), earlier.text)

    def _ask(self, wish: str, prompt: str, on_step: Any) -> Round:
        plan = self._plan(prompt, card=self.card, language="zh", **self.values)
        take = self._run(plan, on_step)
        article = str(take.data)
        turn = Round(wish, article, review(article if article.strip() else "（空）"), take)
        self.rounds.append(turn)
        return turn


def can_write() -> str | None:
    """Name the Chinese model for a `Conversation` here, or None."""
    from aigc_kit.make import text

    try:
        return text.plan_for("你好", language="zh", chat=True, max_new_tokens=700).card.name
    except NotOnDisk:
        return None


def compared(one: str, two: str) -> tuple[float, list[tuple[str, str, str]]]:
    """Compare two prompts: how much they share, what differs.

    Returns:
        Ratio 0 to 1; ("equal" | "replace" | "delete" | "insert", piece of one, piece of two) in order.

    >>> compared("讲甜甜圈", "讲黑洞")[1]
    [('equal', '讲', '讲'), ('replace', '甜甜圈', '黑洞')]
    """
    match = SequenceMatcher(None, one, two, autojunk=False)
    return match.ratio(), [(name, one[a:b], two[c:d]) for name, a, b, c, d in match.get_opcodes()]
