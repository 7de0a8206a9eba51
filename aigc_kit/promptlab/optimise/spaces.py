"""Say which prompts can be reached, and how.

Every edit is typed: it changes a word, a phrase or a sentence, so that a search can tell which kind helped.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.prompt_task import TEXT

KINDS = ("word", "phrase", "sentence")


@dataclass(frozen=True)
class Edit:
    """Hold a new prompt, and how it came about.

    Args:
        kind: "word", "phrase", "sentence", "draw" (from nothing), "cross" (of two), "gradient" or "model".
        parents: prompts that it came from.
        prompt: the new one.
    """

    kind: str
    parents: tuple[str, ...]
    prompt: str


class Space(Protocol):
    """Hold what a search may try."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Name the kinds of edits that there are."""

    def holds(self, prompt: str) -> bool:
        """Tell whether a prompt can be edited here."""

    def draw(self, rng: random.Random) -> str:
        """Make a prompt from nothing."""

    def edit(self, prompt: str, rng: random.Random, kind: str | None = None) -> Edit:
        """Change a prompt in one place."""

    def cross(self, one: str, other: str, rng: random.Random) -> str:
        """Join two prompts."""

    def about(self) -> str:
        """Say in one line all that decides what is drawn."""


@dataclass(frozen=True)
class Prefixes:
    """Put characters before a prompt, as many as `length`.

    A word edit replaces one character, a phrase edit exchanges two, a sentence edit replaces half of them.

    Args:
        template: what follows them, with {text}.
        length: characters, >= 1.
        alphabet: those that may stand there.
        weights: how often each is drawn, such as a model's own probabilities; None: all alike.

    Raises:
        BadInput: no {text}, no length, or fewer than two characters to choose from.
    """

    template: str
    length: int
    alphabet: str = field(repr=False)
    weights: tuple[float, ...] | None = field(default=None, repr=False)
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        check_slot(self.template)
        many = len(set(self.alphabet)) == len(self.alphabet) >= 2
        if self.length < 1 or not many or (self.weights is not None and len(self.weights) != len(self.alphabet)):
            raise BadInput(
                asked=Words(
                    f"{self.length} of {len(self.alphabet)} characters",
                    f"{self.length} 个字，从 {len(self.alphabet)} 个里选",
                ),
                found=Words("no length, too few characters or one twice", "长度不够、可选的字太少，或有一个写了两次"),
                todo=Words(
                    "give a length of 1 or more and two different characters or more", "长度至少 1，至少给两个不同的字"
                ),
            )

    def holds(self, prompt: str) -> bool:
        """Tell whether the characters stand before the template."""
        head = prompt[: self.length]
        return prompt == head + self.template and set(head) <= set(self.alphabet) and len(head) == self.length

    def draw(self, rng: random.Random) -> str:
        """Draw all characters anew."""
        return "".join(self._some(rng, self.length)) + self.template

    def edit(self, prompt: str, rng: random.Random, kind: str | None = None) -> Edit:
        """Change a prompt in one place."""
        chosen = kind or rng.choices(self.kinds, (8, 1, 1))[0]
        head = list(prompt[: self.length])
        if chosen == "word" or self.length == 1:
            head[rng.randrange(self.length)] = self._some(rng, 1)[0]
        elif chosen == "phrase":
            one, other = rng.sample(range(self.length), 2)
            head[one], head[other] = head[other], head[one]
        else:
            half = (self.length + 1) // 2
            at = rng.randrange(self.length - half + 1)
            head[at : at + half] = self._some(rng, half)
        return Edit(chosen, (prompt,), "".join(head) + self.template)

    def cross(self, one: str, other: str, rng: random.Random) -> str:
        """Join the beginning of one with another's end."""
        cut = rng.randrange(1, self.length) if self.length > 1 else 0
        return one[:cut] + other[cut:]

    def about(self) -> str:
        """Say in one line all that decides what is drawn."""
        return json.dumps([self.template, self.length, self.alphabet, self.weights], ensure_ascii=False)

    def _some(self, rng: random.Random, count: int) -> list[str]:
        return rng.choices(self.alphabet, self.weights, k=count)


@dataclass(frozen=True)
class Wordings:
    """Say a prompt in other words, phrases and sentences.

    Args:
        words, phrases: groups of what may stand for each other.
        sentences: what may be added at the end, or taken away, each at most once.
        start: prompts are drawn by a few edits from here; holds {text} once.

    Raises:
        BadInput: no {text}, or nothing that could change.
    """

    start: str
    words: tuple[tuple[str, ...], ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    sentences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_slot(self.start)
        if not self.kinds:
            raise BadInput(
                asked=Words("other wordings of a prompt", "换一种说法"),
                found=Words("no words, phrases or sentences to choose from", "没有给可以换的词、短语或句子"),
                todo=Words('give groups, such as words=(("判断", "分析"),)', '给几组，例如 words=(("判断", "分析"),)'),
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Name the kinds of edits that there are."""
        return tuple(kind for kind, has in zip(KINDS, (self.words, self.phrases, self.sentences), strict=True) if has)

    def holds(self, prompt: str) -> bool:
        """Tell whether the item's text still has its place."""
        return prompt.count(TEXT) == 1

    def draw(self, rng: random.Random) -> str:
        """Edit the start one to six times."""
        prompt = self.start
        for _ in range(rng.randint(1, 6)):
            prompt = self.edit(prompt, rng).prompt
        return prompt

    def edit(self, prompt: str, rng: random.Random, kind: str | None = None) -> Edit:
        """Change a prompt in one place.

        Where nothing of that kind can change, the prompt comes back as it was.
        """
        chosen = kind or rng.choice(self.kinds)
        if chosen == "sentence":
            sentence = rng.choice(self.sentences)
            return Edit(chosen, (prompt,), self._without(prompt, sentence) or prompt + sentence)
        groups = self.words if chosen == "word" else self.phrases
        swaps = [(old, new) for group in groups for old in group if old in prompt for new in group if new != old]
        if not swaps:
            return Edit(chosen, (prompt,), prompt)
        old, new = rng.choice(swaps)
        return Edit(chosen, (prompt,), prompt.replace(old, new, 1))

    def cross(self, one: str, other: str, rng: random.Random) -> str:
        """Give the wording of one the sentences of the other."""
        bare = one
        for sentence in self.sentences:
            bare = self._without(bare, sentence) or bare
        return bare + "".join(sentence for sentence in self.sentences if sentence in other)

    def about(self) -> str:
        """Say in one line all that decides what is drawn."""
        return json.dumps([self.start, self.words, self.phrases, self.sentences], ensure_ascii=False)

    @staticmethod
    def _without(prompt: str, sentence: str) -> str:
        """Take a sentence away; empty where it does not stand."""
        return prompt.replace(sentence, "", 1) if sentence in prompt else ""


@dataclass(frozen=True)
class Rewritten:
    """Let a model propose other wordings, beside a grammar.

    An answer without {text}, or an empty one, is no proposal: the grammar's edit stands for it.

    Args:
        space: the grammar.
        ask: prompts -> answers, such as an `Asker`, whose calls it counts itself.
        request: what the model is asked, with {prompt}.
        share: of the edits that the model is asked for, 0..1.
    """

    space: Wordings
    ask: Callable[[list[str]], list[str]] = field(repr=False)
    request: str = "换一种说法，保留 {text}：{prompt}"
    share: float = 0.5

    @property
    def kinds(self) -> tuple[str, ...]:
        """Name the kinds of edits that there are."""
        return (*self.space.kinds, "model")

    def holds(self, prompt: str) -> bool:
        """Tell whether the item's text still has its place."""
        return self.space.holds(prompt)

    def draw(self, rng: random.Random) -> str:
        """Draw by the grammar."""
        return self.space.draw(rng)

    def edit(self, prompt: str, rng: random.Random, kind: str | None = None) -> Edit:
        """Ask the model, or edit by the grammar."""
        if kind == "model" or (kind is None and rng.random() < self.share):
            answer = self.ask([self.request.replace("{prompt}", prompt)])[0].strip()
            if self.holds(answer):
                return Edit("model", (prompt,), answer)
        return self.space.edit(prompt, rng, None if kind == "model" else kind)

    def cross(self, one: str, other: str, rng: random.Random) -> str:
        """Join two prompts by the grammar."""
        return self.space.cross(one, other, rng)

    def about(self) -> str:
        """Say in one line all that decides what is drawn."""
        return json.dumps([self.space.about(), self.request, self.share, str(getattr(self.ask, "model", ""))])


def check_slot(prompt: Any) -> None:
    """Refuse a prompt in which {text} does not stand once."""
    if not isinstance(prompt, str) or prompt.count(TEXT) != 1:
        raise BadInput(
            asked=Words(f"a prompt {prompt!r}", f"提示词 {prompt!r}"),
            found=Words(f"{TEXT} does not stand in it exactly once", f"里面的 {TEXT} 不是正好一个"),
            todo=Words(f"write {TEXT} where the item's text belongs", f"在放题目文字的地方写一个 {TEXT}"),
        )
