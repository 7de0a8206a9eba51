"""Say any prompt in the model's own words.

    phrase("一张可爱小狗在花丛中玩耍的照片").phrase   ->  "一只小狗，在花丛里"

Longest match from left to right over the world's words and their synonyms; Chinese anywhere, English at word borders.
What several words claim is settled so:

- two values of one attribute: the first stays, what names a value before what only suggests it (surfing: sea);
- two subjects: the first, but of 猫的杯子, 喝咖啡的猫 and "cat-shaped donut" the last, which the first describes;
- colour: the one that stands right before the subject, with at most sizes and 的 between; else the one right after it
  (小狗是红色的); else the first that belongs to nothing else. A colour right before a scene, a light, a second subject
  or another thing (hat, eyes) is theirs and goes with them, so does a size; before a style it counts as the subject's,
  as neon glows in its colour;
- 大 and 小 count as sizes only right before a subject or a colour (小狗 is simply a puppy);
- what is said not to be there is dropped (`negation`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.negation import negated
from aigc_kit.worlds.tinyworld.scan import Hit, scan
from aigc_kit.worlds.tinyworld.spec import FACES, Spec
from aigc_kit.worlds.tinyworld.words import every_word

WORDS: tuple[str, ...] = every_word()
"""Every word and mark that a caption can hold; a tokenizer with one token for each reads all captions."""

_LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)


@dataclass(frozen=True)
class Dropped:
    """Mark a piece of the prompt that is not shown.

    why: "unknown" (not of this world), "grammar" (shows nothing), "second" (its attribute is already said),
    "elsewhere" (a colour of something else than the subject), "negated" (said not to be there), "unfit" (a motion that
    the subject cannot make), "coarse" (a size at which the model cannot draw the subject: `promised`).
    """

    start: int
    end: int
    text: str
    why: str


@dataclass(frozen=True)
class Phrase:
    """Tell what became of a prompt.

    Attributes:
        phrase: the canonical words, "" when nothing was kept.
        kept, dropped: pieces of the prompt in its order; together they hold all of it but spaces and punctuation.
        spec: the attributes that the prompt sets: `Spec`, of a clip `ClipSpec`.
        language: "zh" or "en", of ``phrase``: that of most kept words, Chinese when equal.
    """

    phrase: str
    kept: tuple[Hit, ...]
    dropped: tuple[Dropped, ...]
    spec: Any
    language: str


def phrase(prompt: str, *, negative: bool = False) -> Phrase:
    """Say a prompt in the model's own words.

    In a ``negative`` prompt 不要狗 names the dog as 狗 does.

    Any text is accepted, an empty or unknown one gives an empty phrase; what is no text raises BadInput.
    """
    hits = scan(checked(prompt))
    return gathered(prompt, hits, settle(prompt, hits, negative=negative), Spec, canonical)


def promised(read: Phrase) -> Phrase:
    """Ask for a face only at sizes that show one.

    A small puppy, cat, fish or wizard has eyes of half a latent cell, and the tiny model smears them: "small" is
    dropped as "coarse", and "medium" said in its place.
    """
    if read.spec.subject not in FACES or read.spec.size != "small":
        return read
    kept = tuple(hit for hit in read.kept if hit.attribute != "size")
    small = [Dropped(hit.start, hit.end, hit.text, "coarse") for hit in read.kept if hit.attribute == "size"]
    spec = replace(read.spec, size="medium")
    pieces = sorted((*read.dropped, *small), key=lambda piece: piece.start)
    return replace(read, phrase=canonical(spec, read.language), kept=kept, dropped=tuple(pieces), spec=spec)


def checked(prompt: str) -> str:
    """Return the prompt, or raise BadInput for no text."""
    if not isinstance(prompt, str):
        raise BadInput(
            asked=Words("a prompt", "提示词"),
            found=Words(type(prompt).__name__, f"这是 {type(prompt).__name__}，不是文字"),
            todo=Words("give a text", "给一段文字"),
        )
    return prompt


def gathered(
    prompt: str, hits: list[Hit], why: list[str], make: Callable[..., Any], say: Callable[[Any, str], str]
) -> Phrase:
    """Gather the phrase of the hits that stay.

    Args:
        hits, why: each hit, and why it is dropped ("" when it stays).
        make, say: attributes -> spec; (spec, language) -> its canonical words.
    """
    ours = tuple(hit for hit, reason in zip(hits, why, strict=True) if not reason)
    spec = make(**{hit.attribute: hit.value for hit in ours})
    chinese = sum(any("\u3400" <= character <= "\u9fff" for character in hit.text) for hit in ours)
    language = "en" if sum(hit.text.isascii() for hit in ours) > chinese else "zh"
    return Phrase(say(spec, language), ours, _merged(prompt, hits, why), spec, language)


def spec_of(prompt: str) -> Spec:
    """Read what a prompt sets, None for the others."""
    spec: Spec = phrase(prompt).spec
    return spec


def split(text: str) -> list[str]:
    """Split a text as the tokenizer does.

    The longest match counts, spaces are left out, and a piece that is none of ``WORDS`` raises BadInput.
    """
    words, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = next((word for word in _LONGEST_FIRST if text.startswith(word, at) and _ends(text, at, word)), None)
        if word is None:
            raise BadInput(
                asked=Words(f"the words of {text!r}", f"{text!r} 里的词"),
                found=f"{text[at : at + 12]!r}",
                todo=Words("say it with phrase()", "用 phrase() 来写"),
            )
        words.append(word)
        at += len(word)
    return words


def _ends(text: str, at: int, word: str) -> bool:
    after = text[at + len(word) : at + len(word) + 1]
    return not (word[-1].isascii() and word[-1].isalpha() and after.isascii() and after.isalpha())


SILENT = {"unknown": "unknown", "thing": "unknown", "grammar": "grammar", "negation": "grammar"}
"""Attributes of hits that show nothing, and why they are dropped."""


def settle(prompt: str, hits: list[Hit], *, negative: bool = False) -> list[str]:
    """Say why each hit is dropped, make adjectives sizes."""
    gone = set[int]() if negative else negated(prompt, hits)
    why = ["negated" if k in gone else SILENT.get(hit.attribute, "") for k, hit in enumerate(hits)]
    for k, hit in enumerate(hits):
        if why[k]:
            continue
        if hit.attribute == "adjective":
            follower = hits[k + 1] if k + 1 < len(hits) and hits[k + 1].start == hit.end else None
            if follower is not None and follower.attribute in ("subject", "colour"):
                hits[k] = hit._replace(attribute="size")
            else:
                why[k] = "unknown"
        elif hit.attribute == "position" and _of_scene(hits, k):
            why[k] = "unknown"
    subject = _head(prompt, hits, why)
    first = {"subject": subject, "colour": _colour_of(hits, why, subject)}
    for k in sorted((k for k, reason in enumerate(why) if not reason), key=lambda k: hits[k].hint):
        attribute = hits[k].attribute
        owner = _owner(hits, k) if attribute == "size" else None
        if (owner is not None and not _same(hits, owner, subject)) or _of_unknown(hits, k):
            why[k] = "elsewhere"
        elif first.setdefault(attribute, k) != k:
            why[k] = "elsewhere" if attribute == "colour" and _owner(hits, k) is not None else "second"
    return why


def _same(hits: list[Hit], owner: int, subject: int | None) -> bool:
    """Tell whether both name one subject: espresso, a cup."""
    return subject is not None and (owner == subject or hits[owner][4:6] == hits[subject][4:6])


def _of_unknown(hits: list[Hit], k: int) -> bool:
    """Tell whether an unknown noun owns it: a big wave."""
    if hits[k].attribute not in ("size", "motion") or not k or hits[k - 1].text.lower() not in ("a", "an", "the"):
        return False
    noun = False
    for hit in hits[k + 1 :]:
        if hit.clause != hits[k].clause or hit.attribute == "grammar":
            break
        if hit.attribute != "unknown":
            return False
        noun = True
    return noun


def _of_scene(hits: list[Hit], k: int) -> bool:
    """Tell a scene's middle (森林中央) from the picture's."""
    return k > 0 and hits[k - 1].end == hits[k].start and hits[k - 1].attribute == "scene" and hits[k].value == "centre"


def _head(prompt: str, hits: list[Hit], why: list[str]) -> int | None:
    """Find the subject: the first, or what it describes."""
    named = [k for k, hit in enumerate(hits) if hit.attribute == "subject" and not why[k]]
    named = [k for k in named if not hits[k].hint] or named
    if not named:
        return None
    head = named[0]
    for later in named[1:]:
        if hits[later].clause != hits[head].clause or not _describes(prompt, hits, head, later):
            break
        head = later
    return head


SHAPES = frozenset({"形", "形状", "状", "图案", "造型", "样子", "模样", "款", "主题", "印花", "头像"})
ACTS = tuple("着吃喝抓追抱捧看戴骑玩踢打买拿举叼顶闻")


def _describes(prompt: str, hits: list[Hit], first: int, later: int) -> bool:
    """Tell whether the first subject only describes the later one."""
    between = [hit.text.lower() for hit in hits[first + 1 : later]]
    if hits[later].text.isascii():
        return between in (["shaped"], ["themed"], ["patterned"], ["flavored"], ["flavoured"], ["print"])
    if "的" not in between or {"和", "与", "跟", "、"} & set(between):
        return False
    link = "".join(between[: between.index("的")])
    before = first - 1
    while before >= 0 and (hits[before].attribute in ("colour", "size") or hits[before].text in MEASURES):
        before -= 1
    return not link or link in SHAPES or (before >= 0 and hits[before].text.endswith(ACTS))


MEASURES = frozenset({"一只", "一个", "一朵", "一颗", "一条", "一杯", "一", "的"})


def _colour_of(hits: list[Hit], why: list[str], subject: int | None) -> int | None:
    """Find the hit that is the subject's colour."""
    colours = [k for k, hit in enumerate(hits) if hit.attribute == "colour" and not why[k]]
    if subject is not None:
        before = [k for k in colours if k < subject and _next(hits, k, {"size"}) == subject]
        right = _next(hits, subject, {"grammar"})
        if before:
            return before[-1]
        if right in colours and _owner(hits, right) is None:
            return right
    return next((k for k in colours if _free(hits, k, subject) and not _said_of_thing(hits, k)), None)


def _free(hits: list[Hit], k: int, subject: int | None) -> bool:
    """Tell whether a colour belongs to nothing but the subject."""
    owner = _owner(hits, k)
    return owner is None or (subject is not None and hits[owner].attribute == "subject" and _same(hits, owner, subject))


def _said_of_thing(hits: list[Hit], k: int) -> bool:
    """Tell whether a colour follows another thing: 帽子是红色的."""
    before = k - 1
    while before >= 0 and hits[before].attribute == "grammar" and hits[before].text not in BEHIND:
        before -= 1
    if before < 0 or hits[before].clause != hits[k].clause:
        return False
    return hits[before].attribute == "thing" or hits[before].text in BEHIND


BEHIND = frozenset({"背景", "background"})


def _owner(hits: list[Hit], colour: int) -> int | None:
    """Find the hit that a colour or a size describes."""
    after = _next(hits, colour, {"size", "colour"} if hits[colour].attribute == "size" else {"size"})
    if after is None:
        return None
    ours = hits[after].attribute in ("scene", "light", "subject", "thing") or hits[after].text.lower() in BEHIND
    return after if ours else None


def _next(hits: list[Hit], k: int, skip: set[str]) -> int | None:
    """Find the clause's next hit, past 的 and ``skip``."""
    for j in range(k + 1, len(hits)):
        if hits[j].clause != hits[k].clause:
            return None
        if hits[j].text != "的" and hits[j].attribute not in skip:
            return j
    return None


def _merged(prompt: str, hits: list[Hit], why: list[str]) -> tuple[Dropped, ...]:
    """List the dropped hits, joining neighbours of one reason."""
    pieces: list[Dropped] = []
    last = None
    for hit, reason in zip(hits, why, strict=True):
        same = (
            last is not None and pieces and last == (reason, hit.clause) and reason in ("unknown", "grammar", "negated")
        )
        if reason and same:
            start = pieces[-1].start
            pieces[-1] = Dropped(start, hit.end, prompt[start : hit.end], reason)
        elif reason:
            pieces.append(Dropped(hit.start, hit.end, hit.text, reason))
        last = (reason, hit.clause)
    return tuple(pieces)
