"""The words of the course: a keyword library of six parts, negatives in three groups, an idea cookbook, its prompts.

Data lie in library.json and course.json; every word is there in Chinese and English.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from aigc_kit.core.errors import UnknownName
from aigc_kit.core.types import FrozenMap

PARTS = ("subject", "details", "scene", "lighting", "style", "technical")
"""The six parts of the course's formula, in its order: 主体 + 细节 + 场景/环境 + 光照/氛围 + 艺术风格 + 技术参数."""


@dataclass(frozen=True)
class Word:
    """A keyword in both languages; part: one of PARTS, or "" for a negative."""

    zh: str
    en: str
    part: str = ""


@dataclass(frozen=True)
class CoursePrompt:
    """A prompt of the course. Both texts were written by a person, neither by a model.

    Args:
        name: such as "workshop"; its negative, where there is one, is "workshop-negative".
        title: what it is, in Chinese.
        zh, en: the prompt and its translation.
    """

    name: str
    title: str
    zh: str
    en: str


def part_names() -> Mapping[str, str]:
    """Part -> its Chinese name."""
    return FrozenMap({name: part["zh"] for name, part in _data("library")["parts"].items()})


def keywords() -> Mapping[str, Mapping[str, tuple[Word, ...]]]:
    """Part -> name of a list -> its words: subject -> 动物 -> 猫, 狮子, ..."""
    parts = _data("library")["parts"]
    return FrozenMap(
        {part: FrozenMap({name: _words(words, part) for name, words in parts[part]["lists"].items()}) for part in PARTS}
    )


def negatives() -> Mapping[str, tuple[Word, ...]]:
    """Group ("quality", "anatomy", "composition") -> words to avoid."""
    return FrozenMap({name: _words(group["words"], "") for name, group in _data("library")["negatives"].items()})


def negative_names() -> Mapping[str, str]:
    """Group of negatives -> its Chinese name."""
    return FrozenMap({name: group["zh"] for name, group in _data("library")["negatives"].items()})


def cookbook() -> Mapping[str, tuple[Word, ...]]:
    """The idea cookbook: list (主体, 风格, 构图/光照, 质量) -> words."""
    return FrozenMap({name: _words(words, None) for name, words in _data("library")["cookbook"].items()})


def good_words() -> Mapping[str, tuple[Word, ...]]:
    """What helps a portrait (肖像) and a landscape (风景)."""
    return FrozenMap({name: _words(words, None) for name, words in _data("library")["good_words"].items()})


def course_prompts() -> tuple[CoursePrompt, ...]:
    """All prompts of the course with their translations."""
    return tuple(CoursePrompt(**entry) for entry in _data("course")["prompts"])


def course_prompt(name: str) -> CoursePrompt:
    """A prompt of the course by its name: "ab", "workshop", "formula", "landscape", "topology", "batch-1", ...

    Raises:
        UnknownName: there is none.
    """
    for prompt in course_prompts():
        if prompt.name == name:
            return prompt
    names = ", ".join(prompt.name for prompt in course_prompts())
    raise UnknownName(
        asked=f"the course's prompt {name!r}", found="no prompt of that name", todo=f"choose from {names}"
    )


def idea(seed: int) -> tuple[Word, ...]:
    """One word of each list of the cookbook, chosen by the seed; the same seed gives the same words.

    >>> len(idea(0)), idea(3) == idea(3)
    (4, True)
    """
    dice = Random(seed)
    return tuple(dice.choice(words) for words in cookbook().values())


def all_words() -> tuple[Word, ...]:
    """Every word of the library, cookbook and good words, and of the negatives."""
    lists = [words for part in keywords().values() for words in part.values()]
    lists += [*cookbook().values(), *good_words().values(), *negatives().values()]
    return tuple(word for words in lists for word in words)


def _words(entries: list[dict[str, str]], part: str | None) -> tuple[Word, ...]:
    return tuple(Word(entry["zh"], entry["en"], entry["part"] if part is None else part) for entry in entries)


@cache
def _data(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
