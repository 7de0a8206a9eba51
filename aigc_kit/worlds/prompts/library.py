"""Offer the words of the course, and its prompts.

A keyword library of six parts, negatives in three groups, an idea cookbook. Data lie in library.json and course.json;
every word is there in Chinese and English.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from aigc_kit.core.errors import UnknownName
from aigc_kit.core.types import FrozenMap, Words

PARTS = ("subject", "details", "scene", "lighting", "style", "technical")
"""The six parts of the course's formula, in its order: 主体 + 细节 + 场景/环境 + 光照/氛围 + 艺术风格 + 技术参数."""


@dataclass(frozen=True)
class Word:
    """Hold a keyword, its part "" for a negative."""

    zh: str
    en: str
    part: str = ""


@dataclass(frozen=True)
class CoursePrompt:
    """Hold a prompt of the course, translated by a person.

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
    """Map each part to its Chinese name."""
    return FrozenMap({name: part["zh"] for name, part in _data("library")["parts"].items()})


def keywords() -> Mapping[str, Mapping[str, tuple[Word, ...]]]:
    """Map part and list to words: subject, 动物, 猫."""
    parts = _data("library")["parts"]
    return FrozenMap({part: _lists(parts[part]["lists"], part) for part in PARTS})


def negatives() -> Mapping[str, tuple[Word, ...]]:
    """Map "quality", "anatomy", "composition" to words to avoid."""
    return _lists({name: group["words"] for name, group in _data("library")["negatives"].items()})


def negative_names() -> Mapping[str, str]:
    """Map each group of negatives to its Chinese name."""
    return FrozenMap({name: group["zh"] for name, group in _data("library")["negatives"].items()})


def cookbook() -> Mapping[str, tuple[Word, ...]]:
    """Open the idea cookbook: 主体, 风格, 构图/光照, 质量 -> words."""
    return _lists(_data("library")["cookbook"])


def good_words() -> Mapping[str, tuple[Word, ...]]:
    """List what helps a portrait (肖像) and a landscape (风景)."""
    return _lists(_data("library")["good_words"])


def course_prompts() -> tuple[CoursePrompt, ...]:
    """List all prompts of the course with their translations."""
    return tuple(CoursePrompt(**entry) for entry in _data("course")["prompts"])


def course_prompt(name: str) -> CoursePrompt:
    """Look up a prompt of the course by its name.

    Args:
        name: "ab", "workshop", "formula", "landscape", "topology", "batch-1", ...

    Raises:
        UnknownName: there is none.
    """
    prompts = {prompt.name: prompt for prompt in course_prompts()}
    if name not in prompts:
        todo = Words(f"choose from {', '.join(prompts)}", f"从 {'、'.join(prompts)} 里选")
        raise UnknownName(
            asked=Words(f"the course's prompt {name!r}", f"课程的提示词 {name!r}"),
            found=Words("no prompt of that name", "没有这个名字的提示词"),
            todo=todo,
        )
    return prompts[name]


def idea(seed: int) -> tuple[Word, ...]:
    """Draw one word of each list of the cookbook.

    The same seed gives the same words.

    >>> len(idea(0)), idea(3) == idea(3)
    (4, True)
    """
    dice = Random(seed)
    return tuple(dice.choice(words) for words in cookbook().values())


def all_words() -> tuple[Word, ...]:
    """List every word of library, cookbook, good words and negatives."""
    lists = [words for part in keywords().values() for words in part.values()]
    lists += [*cookbook().values(), *good_words().values(), *negatives().values()]
    return tuple(word for words in lists for word in words)


def has_hanzi(text: str) -> bool:
    """Tell whether a Chinese character is in a text."""
    return any("\u3400" <= letter <= "\u9fff" for letter in text)


def _lists(lists: Mapping[str, list[dict[str, str]]], part: str = "") -> Mapping[str, tuple[Word, ...]]:
    return FrozenMap({name: tuple(Word(**{"part": part, **word}) for word in words) for name, words in lists.items()})


@cache
def _data(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
