"""Turn feedback in words into asks that can be measured.

Nothing is guessed: what no pattern reads stays as words for the writer, and is listed as unmeasured. Every measure
counts something in the text; none of them knows whether the text is true.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.works.review import length
from aigc_kit.worlds.shop.free_texts import MARKS

LONGEST_FEEDBACK = 500  # characters
_SENTENCE = re.compile(r"[^。！？!?.\n]+[。！？!?.]?")
_EXAMPLE = re.compile(
    r"例如|比如|譬如|举个例子|好比|就像|for example|for instance|such as|imagine|think of|just like|like a",
    re.IGNORECASE,
)
_ENDS = re.compile(r"所以|总之|因此|下次|记住|希望|未来|in short|so,|in the end|in conclusion|overall", re.IGNORECASE)


@dataclass(frozen=True)
class Ask:
    """Hold one thing that a draft must do.

    Args:
        measure: of `MEASURES`.
        least, most: the number must lie between, None open.
        words: what must stand in the text, for "has".
        part: number of the paragraph that counts, from 1; 0 the whole text.
    """

    measure: str
    least: float | None = None
    most: float | None = None
    words: str = ""
    part: int = 0

    def measured(self, text: str) -> float:
        """Count it in a text."""
        parts = paragraphs(text)
        piece = text if not self.part else parts[self.part - 1] if self.part <= len(parts) else ""
        return MEASURES[self.measure][1](piece, self.words)

    def met(self, text: str) -> bool:
        """Tell whether a text does it, an empty one never."""
        value = self.measured(text)
        low, high = self.least is None or value >= self.least, self.most is None or value <= self.most
        return bool(text.strip()) and low and high

    @property
    def says(self) -> str:
        """Say in Chinese what is asked."""
        where = f"第 {self.part} 段" if self.part else ""
        if self.measure in ("has", "style"):
            return f"{where}{MEASURES[self.measure][0].zh}“{self.words}”"
        bounds = [f"至少 {self.least:g}" if self.least is not None else ""]
        bounds.append(f"至多 {self.most:g}" if self.most is not None else "")
        return f"{where}{MEASURES[self.measure][0].zh}{'，'.join(filter(None, bounds))}"

    def as_row(self) -> dict[str, Any]:
        """Write it as JSON."""
        return asdict(self)


def paragraphs(text: str) -> list[str]:
    """Split a text into paragraphs that are not empty."""
    return [part.strip() for part in re.split(r"\n+", text) if part.strip()]


def sentences(text: str) -> list[str]:
    """Split a text into sentences."""
    return [part.strip() for part in _SENTENCE.findall(text) if length(part)]


def sentence_length(text: str, _: str = "") -> float:
    """Average the length of sentences, characters or words."""
    parts = sentences(text)
    return round(sum(map(length, parts)) / len(parts), 2) if parts else 0.0


MEASURES: Mapping[str, tuple[Words, Callable[[str, str], float]]] = {
    "sentence": (Words("mean length of a sentence", "平均句长"), sentence_length),
    "examples": (Words("examples", "例子"), lambda text, _: len(_EXAMPLE.findall(text))),
    "length": (Words("length", "长度"), lambda text, _: length(text)),
    "paragraphs": (Words("paragraphs", "段落"), lambda text, _: len(paragraphs(text))),
    "ending": (Words("closing words in the last sentence", "结尾的收束词"), lambda text, _: _closing(text)),
    "has": (Words("names", "写到"), lambda text, words: float(words.lower() in text.lower())),
    "style": (Words("style", "语气"), lambda text, words: float(MARKS.get(words, words) in text)),
}
"""Name -> (what it counts, how)."""

_STYLES = {"正式": r"正式|客气|礼貌|庄重", "活泼": r"活泼|亲切|俏皮|可爱|热情", "简短": r"简短|简洁|短一点|一句话"}
_QUOTED = re.compile(r"[「“\"']([^」”\"']{1,20})[」”\"']")
_PART = re.compile(r"第([一二三四五1-5])(?:部分|段|节)|part (\d)", re.IGNORECASE)
_NUMBERS = {digit: number for number, digits in enumerate(("一1", "二2", "三3", "四4", "五5"), 1) for digit in digits}


def _closing(text: str) -> float:
    parts = sentences(text)
    return float(bool(parts) and bool(_ENDS.search(parts[-1])))


def asks_in(feedback: str, draft: str, *, shop: bool = False) -> tuple[list[Ask], str]:
    """Read asks from feedback, relative to the draft.

    Args:
        feedback: one person's words.
        draft: that they have read.
        shop: replies of the shop, where 简短 is a style.

    Returns:
        The asks, and what no pattern read.

    Raises:
        BadInput: no words, or more than 500 characters.

    >>> [ask.says for ask in asks_in("第二部分更通俗，多举例子", "甲。\\n乙的话很长很长很长很长很长很长。")[0]]
    ['第 2 段平均句长至多 11.2', '第 2 段例子至少 1']
    """
    if not feedback.strip() or len(feedback) > LONGEST_FEEDBACK:
        raise BadInput(
            asked=Words("feedback on a draft", "对草稿提意见"),
            found=Words(f"{len(feedback)} characters", f"有 {len(feedback)} 个字"),
            todo=Words(f"write 1 to {LONGEST_FEEDBACK}", f"写 1 到 {LONGEST_FEEDBACK} 个字"),
        )
    asks: list[Ask] = []
    rest = feedback
    for match in _QUOTED.finditer(feedback):
        asks.append(Ask("has", least=1, words=match[1]))
        rest = rest.replace(match[0], " ")
    where = _PART.search(rest)
    part = _NUMBERS.get((where[1] or where[2])[:1], 0) if where else 0
    rest = _PART.sub(" ", rest)
    for pattern, make in _patterns(shop):
        if re.search(pattern, rest, re.IGNORECASE):
            asks.append(make(draft, part))
            rest = re.sub(pattern, " ", rest, flags=re.IGNORECASE)
    return asks, re.sub(r"[\s，。、；：,.;!！]+", " ", rest).strip()


def _patterns(shop: bool) -> list[tuple[str, Callable[[str, int], Ask]]]:
    if shop:

        def styled(name: str) -> Callable[[str, int], Ask]:
            return lambda _, __: Ask("style", least=1, words=name)

        return [(words, styled(name)) for name, words in _STYLES.items()]

    def now(measure: str, draft: str, part: int) -> float:
        return Ask(measure, part=part).measured(draft)

    return [
        (
            r"通俗(?:易懂)?|简单(?:一?些|一点)?|易懂|句子(?:再|要)?更?短(?:一?些|一点)?|short sentences|simpler|plain",
            lambda draft, part: Ask("sentence", most=round(0.8 * now("sentence", draft, part), 1), part=part),
        ),
        (
            r"(?:实际)?(?:应用)?的?(?:例子|举例|事例|应用)|examples?|applications?",
            lambda draft, part: Ask("examples", least=now("examples", draft, part) + 1, part=part),
        ),
        (
            r"精简|更短|太长|shorter|too long",
            lambda d, p: Ask("length", most=round(0.85 * now("length", d, p)), part=p),
        ),
        (
            r"更长|展开|太短|longer|more detail",
            lambda d, p: Ask("length", least=round(1.15 * now("length", d, p)), part=p),
        ),
        (r"分段|小标题|结构|paragraphs?", lambda d, p: Ask("paragraphs", least=max(3, now("paragraphs", d, 0)))),
        (r"结尾|收尾|总结|ending|conclusion", lambda d, p: Ask("ending", least=1)),
    ]


def unmet(text: str, asks: Sequence[Ask]) -> list[Ask]:
    """List the asks that a text does not meet."""
    return [ask for ask in asks if not ask.met(text)]


def ask_of(row: Mapping[str, Any]) -> Ask:
    """Read an ask back from JSON.

    Raises:
        BadInput: no such measure or fields.
    """
    try:
        ask = Ask(**row)
        if ask.measure in MEASURES:
            return ask
    except TypeError:
        pass
    raise BadInput(
        asked=Words(f"the ask {dict(row)}", f"要求 {dict(row)}"),
        found=Words("no measure of that name, or other fields", "没有这种量法，或字段不对"),
        todo=Words(f"measures: {', '.join(MEASURES)}", f"量法从 {'、'.join(MEASURES)} 里选"),
    )
