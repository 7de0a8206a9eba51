"""Say any prompt in the model's own words.

    phrase("一张可爱小狗在花丛中玩耍的照片").phrase   ->  "一只小狗，在花丛里"

Longest match from left to right over the world's words and their synonyms; Chinese anywhere, English at word borders.
What several words claim is settled so:

- two values of one attribute: the first stays (two subjects too: the world has one);
- colour: the one that stands right before the subject, with at most sizes and 的 between; else the one right after it
  (小狗是红色的); else the first that belongs to nothing else. A colour right before a scene, a light or a second
  subject is theirs and goes with them; before a style it counts as the subject's, as neon glows in its colour;
- 大 and 小 count as sizes only right before a subject or a colour (小狗 is simply a puppy);
- a word right after 不要, 没有, no or without is dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.scan import Hit, scan
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.words import every_word

WORDS: tuple[str, ...] = every_word()
"""Every word and mark that a caption can hold; a tokenizer with one token for each reads all captions."""

_LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)


@dataclass(frozen=True)
class Dropped:
    """Mark a piece of the prompt that is not shown.

    why: "unknown" (not of this world), "grammar" (shows nothing), "second" (its attribute is already said),
    "elsewhere" (a colour of something else than the subject), "negated" (said not to be there), "unfit" (a motion that
    the subject cannot make).
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


def phrase(prompt: str) -> Phrase:
    """Say a prompt in the model's own words.

    Any text is accepted, an empty or unknown one gives an empty phrase; what is no text raises BadInput.
    """
    hits = scan(checked(prompt))
    return gathered(prompt, hits, settle(hits), Spec, canonical)


def checked(prompt: str) -> str:
    """Return the prompt, or raise BadInput for no text."""
    if not isinstance(prompt, str):
        raise BadInput(asked="a prompt", found=type(prompt).__name__, todo="give a text")
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
            raise BadInput(asked=f"the words of {text!r}", found=f"{text[at : at + 12]!r}", todo="say it with phrase()")
        words.append(word)
        at += len(word)
    return words


def _ends(text: str, at: int, word: str) -> bool:
    after = text[at + len(word) : at + len(word) + 1]
    return not (word[-1].isascii() and word[-1].isalpha() and after.isascii() and after.isalpha())


def settle(hits: list[Hit]) -> list[str]:
    """Say why each hit is dropped, make adjectives sizes."""
    why = [hit.attribute if hit.attribute in ("unknown", "grammar") else "" for hit in hits]
    for k, hit in enumerate(hits):
        if hit.attribute == "negation":
            why[k] = "grammar"
            after = _next(hits, k, {"grammar"})
            if after is not None and not why[after]:
                why[after] = "negated"
        elif hit.attribute == "adjective":
            follower = hits[k + 1] if k + 1 < len(hits) and hits[k + 1].start == hit.end else None
            if follower is not None and follower.attribute in ("subject", "colour"):
                hits[k] = hit._replace(attribute="size")
            else:
                why[k] = "unknown"
    subject = next((k for k, hit in enumerate(hits) if hit.attribute == "subject" and not why[k]), None)
    first = {"subject": subject, "colour": _colour_of(hits, why, subject)}
    for k, hit in enumerate(hits):
        if not why[k] and first.setdefault(hit.attribute, k) != k:
            why[k] = "elsewhere" if hit.attribute == "colour" and _owner(hits, k) is not None else "second"
    return why


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
    return next((k for k in colours if _owner(hits, k) is None), None)


def _owner(hits: list[Hit], colour: int) -> int | None:
    """Find the hit that a colour describes."""
    after = _next(hits, colour, {"size"})
    return after if after is not None and hits[after].attribute in ("scene", "light", "subject") else None


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
        same = last is not None and pieces and last == (reason, hit.clause) and reason in ("unknown", "grammar")
        if reason and same:
            start = pieces[-1].start
            pieces[-1] = Dropped(start, hit.end, prompt[start : hit.end], reason)
        elif reason:
            pieces.append(Dropped(hit.start, hit.end, hit.text, reason))
        last = (reason, hit.clause)
    return tuple(pieces)
