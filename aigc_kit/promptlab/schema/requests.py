"""Ask for a form: check, ask again, then mend.

Valid says that an answer fits its schema; whether it is true, a schema cannot know.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.schema.parsing import Reading, read
from aigc_kit.promptlab.schema.schemas import Schema
from aigc_kit.promptlab.schema.strict_json import Fault

How = Literal["asked", "retried", "lenient", "failed"]
Again = Callable[[str, str, Sequence[Fault]], str]  # prompt, answer, what is wrong -> the next prompt
MOST_RETRIES = 5


@dataclass(frozen=True)
class Result:
    """Hold what came of one prompt.

    Args:
        prompt: the first one.
        answer: the last text of the model.
        how: "asked" (the first answer fits), "retried" (a later one does), "lenient" (mended: a guess) or "failed".
        value: as JSON; None where nothing could be read.
        faults: of the value, empty when it is valid.
        repairs: in Chinese, what was mended; empty unless it was.
        tries: answers of the model.
    """

    prompt: str
    answer: str
    how: How
    value: Any
    faults: tuple[Fault, ...]
    repairs: tuple[str, ...]
    tries: int

    @property
    def valid(self) -> bool:
        """Tell whether the value fits the schema."""
        return self.how != "failed"


def in_full(prompt: str, answer: str, faults: Sequence[Fault]) -> str:
    """Show the model its answer and its faults."""
    wrong = "；".join(fault.words.zh for fault in faults[:5])
    return f"{prompt}\n你上次的回答：{answer[:400]}\n它不合格式：{wrong}。请重新回答，只输出改正后的 JSON。"


def ask(
    schema: Schema,
    asker: Asker | Callable[[list[str]], list[str]],
    prompts: Sequence[str],
    *,
    retries: int = 0,
    lenient: bool = False,
    again: Again = in_full,
) -> list[Result]:
    """Ask prompts, and check what comes back.

    Args:
        schema: that every answer shall fit.
        asker: an `ask.Asker`, or any function from prompts to answers.
        prompts: to ask.
        retries: times to ask again where an answer does not fit, all such prompts together.
        lenient: mend at the end what still does not fit; such results are marked.
        again: writes the prompt that asks again.

    Raises:
        BadInput: retries outside 0..5. OverBudget: of an asker with a budget.
    """
    if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries <= MOST_RETRIES:
        raise BadInput(
            asked=f"retries={retries!r}",
            found=Words("no number of retries", "不是重试的次数"),
            todo=Words(f"give 0 to {MOST_RETRIES}", f"写 0 到 {MOST_RETRIES}"),
        )
    results: dict[int, Result] = {}
    open_to, texts = list(range(len(prompts))), list(prompts)
    for attempt in range(1 + retries):
        answers = asker(texts)
        rows = list(zip(open_to, texts, answers, strict=True))
        for number, _, answer in rows:
            how: How = "retried" if attempt else "asked"
            results[number] = _result(prompts[number], answer, how, read(schema, answer), attempt + 1)
        rows = [row for row in rows if not results[row[0]].valid]
        open_to = [number for number, _, _ in rows]
        texts = [again(prompts[number], answer, results[number].faults) for number, _, answer in rows]
        if not open_to:
            break
    for number in open_to if lenient else ():
        last = results[number]
        mended = _result(last.prompt, last.answer, "lenient", read(schema, last.answer, lenient=True), last.tries)
        results[number] = mended if mended.valid else replace(last, repairs=())
    return [results[number] for number in range(len(prompts))]


def _result(prompt: str, answer: str, how: How, reading: Reading, tries: int) -> Result:
    way: How = how if not reading.faults else "failed"
    return Result(prompt, answer, way, reading.value, reading.faults, reading.repairs, tries)
