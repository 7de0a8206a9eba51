"""Hold a model to terms: dictionary, check, rewriting.

A dictionary is data, perhaps a stranger's: it is small, its aliases belong to one term each, and its patterns end in
time.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import regex

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import shown
from aigc_kit.promptlab import bounded_regex
from aigc_kit.worlds.shop.instructions import OTHER_NAMES

LARGEST = 200_000  # bytes of a dictionary
MOST_TERMS, MOST_ALIASES, LONGEST_NAME = 500, 20, 60
_KEYS = {"name", "definition", "aliases", "pattern"}
Style = Literal["names", "definitions", "aliases"]
Rewrite = Literal["no", "program", "model"]


@dataclass(frozen=True)
class Term:
    """Hold one term.

    Args:
        name: as it shall be written.
        definition: what it means.
        aliases: other words for it, which an answer should not use.
        pattern: a regular expression that finds it in any of its forms; "" for none.
    """

    name: str
    definition: str = ""
    aliases: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Use:
    """Hold one place where an answer means a term.

    Args:
        term: its name.
        written: how the answer writes it.
        start, end: characters of the answer.
    """

    term: str
    written: str
    start: int
    end: int

    @property
    def proper(self) -> bool:
        """Tell whether it is written as the dictionary wants."""
        return self.written == self.term


class Dictionary:
    """Hold terms that do not clash.

    Args:
        terms: 1 to 500.

    Raises:
        BadInput: a term without a name, an alias that two terms claim, a pattern that explodes in time.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        if not 0 < len(self.terms) <= MOST_TERMS:
            raise _refusal(
                Words(f"{len(self.terms)} terms", f"有 {len(self.terms)} 个术语"),
                Words(f"give 1 to {MOST_TERMS}", f"写 1 到 {MOST_TERMS} 个"),
            )
        owners: dict[str, str] = {}
        for term in self.terms:
            for word in (term.name, *term.aliases):
                other = owners.setdefault(word.lower(), term.name)
                if other != term.name or (word == term.name and word in term.aliases):
                    raise _refusal(
                        Words(f"{shown(word)} belongs to two terms", f"{shown(word)} 同时属于两个术语"),
                        Words("leave it to one of them", "只留给其中一个"),
                    )
        if len({term.name for term in self.terms}) < len(self.terms):
            raise _refusal(Words("a term twice", "有的术语写了两次"), Words("write it once", "只写一次"))
        self._patterns = {term.name: bounded_regex.compiled(term.pattern) for term in self.terms if term.pattern}

    @classmethod
    def read(cls, text: str) -> "Dictionary":
        """Read a dictionary from JSON.

        Args:
            text: {"terms": [{"name", "definition", "aliases", "pattern"}, ...]}; only the name is needed.

        Raises:
            BadInput: it is too large, no JSON, of another form, or its terms clash.
        """
        size = len(text.encode(errors="replace")) if isinstance(text, str) else 0
        if not 0 < size <= LARGEST:
            raise _refusal(
                Words(f"{size:,} bytes", f"有 {size:,} 字节"),
                Words(f"give 1 to {LARGEST:,} bytes of JSON", f"写 1 到 {LARGEST:,} 字节的 JSON"),
            )
        try:
            rows = json.loads(text)["terms"]
            return cls([_term(row) for row in rows])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, BadInput):
                raise
            raise _refusal(
                Words(f"another form: {error}", f"格式不对（原话：{error}）"),
                Words(
                    'write {"terms": [{"name": "退款", "aliases": ["退钱"]}]}',
                    '写成 {"terms": [{"name": "退款", "aliases": ["退钱"]}]}',
                ),
            ) from None

    def prompt(self, instruction: str, style: Style = "names") -> str:
        """Put the terms into an instruction.

        Args:
            instruction: of the task.
            style: "names" lists the terms; "definitions" says what each means; "aliases" names what not to say.
        """
        rows = {
            "names": "、".join(term.name for term in self.terms),
            "definitions": "；".join(f"{term.name}是{term.definition}" for term in self.terms),
            "aliases": "、".join(
                term.name + (f"（不说{'、'.join(term.aliases)}）" if term.aliases else "") for term in self.terms
            ),
        }
        if style not in rows:
            raise _refusal(
                Words(f"the style {shown(style)}", f"写法 {shown(style)}"),
                Words(f"use {', '.join(rows)}", f"从 {'、'.join(rows)} 里选"),
            )
        return f"{instruction}术语：{rows[style]}。"

    def uses(self, text: str) -> list[Use]:
        """Find the terms of a text, written properly or not.

        Where two could stand, the earlier counts, then the longer. A Latin alias counts as a whole word only.
        """
        spots: list[Use] = []
        for term in self.terms:
            for word in (term.name, *term.aliases):
                spots += [Use(term.name, text[a:b], a, b) for a, b in _places(word, text)]
            if pattern := self._patterns.get(term.name):
                at = 0
                while at <= len(text) and (match := bounded_regex.search(pattern, text, at)):
                    at = max(match.end(), match.start() + 1)
                    if match.end() > match.start():
                        spots.append(Use(term.name, match.group(), match.start(), match.end()))
        chosen: list[Use] = []
        for spot in sorted(spots, key=lambda use: (use.start, use.start - use.end, not use.proper)):
            if not chosen or spot.start >= chosen[-1].end:
                chosen.append(spot)
        return chosen

    def rewritten(self, text: str) -> str:
        """Write every term of a text as the dictionary wants."""
        pieces, at = [], 0
        for use in self.uses(text):
            pieces += [text[at : use.start], use.term]
            at = use.end
        return "".join([*pieces, text[at:]])


@dataclass(frozen=True)
class Anchored:
    """Hold answers before and after their rewriting.

    Args:
        first: answers of the model.
        uses: what the check found in each.
        final: answers after the rewriting; the same where nothing was wrong.
        again: how many prompts were asked a second time.
    """

    first: tuple[str, ...]
    uses: tuple[tuple[Use, ...], ...]
    final: tuple[str, ...]
    again: int

    @property
    def wrong(self) -> int:
        """Count the first answers with a term written otherwise."""
        return sum(any(not use.proper for use in uses) for uses in self.uses)


def anchor(
    terms: Dictionary,
    asker: Callable[[list[str]], list[str]],
    prompts: Sequence[str],
    *,
    rewrite: Rewrite = "no",
    again: Callable[[str, str, Sequence[Use]], str] | None = None,
) -> Anchored:
    """Ask, check the terms of each answer, and rewrite.

    Args:
        terms: to keep to.
        asker: prompts -> answers.
        prompts: to ask.
        rewrite: "no" only checks; "program" replaces aliases by terms; "model" asks again where the check found one.
        again: writes the second prompt, from prompt, answer and what is wrong; for rewrite="model".

    Raises:
        BadInput: another way of rewriting.
    """
    if rewrite not in ("no", "program", "model"):
        raise _refusal(
            Words(f"rewrite={shown(rewrite)}", f"rewrite={shown(rewrite)}，没有这种改写"),
            Words("use no, program or model", "写 no、program 或 model"),
        )
    first = tuple(asker(list(prompts)))
    uses = tuple(tuple(terms.uses(answer)) for answer in first)
    final, second = list(first), list[int]()
    if rewrite == "program":
        final = [terms.rewritten(answer) for answer in first]
    elif rewrite == "model":
        second = [number for number, some in enumerate(uses) if any(not use.proper for use in some)]
        texts = [(again or _again)(prompts[number], first[number], uses[number]) for number in second]
        for number, answer in zip(second, asker(texts), strict=True):
            final[number] = answer
    return Anchored(first, uses, tuple(final), len(second))


SHOP_TERMS = json.dumps(
    {
        "terms": [
            {"name": name, "aliases": [OTHER_NAMES[name]], "definition": definition}
            for name, definition in {
                "退款": "要回货款",
                "物流": "问包裹",
                "换货": "要换一个",
                "咨询": "问商品",
                "投诉": "不满意服务",
                "表扬": "夸小店",
            }.items()
        ]
    },
    ensure_ascii=False,
)
"""The shop's terms: its six labels, and the other words that people use for them."""

COURSE_TERMS = json.dumps(
    {
        "terms": [
            {
                "name": "Service Mesh",
                "definition": "处理服务间通信的基础设施层",
                "aliases": ["服务网格", "SM"],
                "pattern": r"(?i)service\s+mesh|服务网格",
            }
        ]
    },
    ensure_ascii=False,
)
"""The course's example of a term."""


def _refusal(found: Words, todo: Words) -> BadInput:
    return BadInput(asked=Words("a dictionary of terms", "一本术语词典"), found=found, todo=todo)


def _again(prompt: str, answer: str, uses: Sequence[Use]) -> str:
    rows = "；".join(f"“{use.written}”应当写“{use.term}”" for use in uses if not use.proper)
    return f"{prompt}\n你上次的回答：{answer[:400]}\n用词不对：{rows}。请改正后重新回答。"


def _term(row: Mapping[str, Any]) -> Term:
    if not isinstance(row, dict) or not set(row) <= _KEYS or "name" not in row:
        raise ValueError(f"a term is a name with {', '.join(sorted(_KEYS))}")
    aliases = row.get("aliases", [])
    if not isinstance(aliases, list) or len(aliases) > MOST_ALIASES:
        raise ValueError(f"aliases are a list of at most {MOST_ALIASES}")
    for word in (row["name"], *aliases):
        if not isinstance(word, str) or not word.strip() or len(word) > LONGEST_NAME:
            raise ValueError(f"a name or alias has 1 to {LONGEST_NAME} characters")
    texts = [row.get("definition", ""), row.get("pattern", "")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("definition and pattern are texts")
    return Term(row["name"], texts[0], tuple(aliases), texts[1])


def _places(word: str, text: str) -> list[tuple[int, int]]:
    """Find a word, Latin ones whole and in any case."""
    before = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", word) else ""
    behind = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]\Z", word) else ""
    return [match.span() for match in regex.finditer(before + regex.escape(word) + behind, text, regex.IGNORECASE)]
