"""Any prompt in the words of the world in motion: what of it a clip can show, and what it cannot.

    clip_phrase("一只穿着宇航服的柴犬在月球表面跳舞，电影级光照").phrase   ->  "一只小狗跳跃，在月球上"

As `vocab.phrase`, with these rules besides:

- values that only pictures have (a wizard, a forest, ink wash, sizes, places) are unknown;
- two motions: the first stays; a motion that the subject cannot make is "unfit" (a cat cannot become anything);
- 变成咖啡杯, "turns into a mug": one piece with the thing that comes of it; only a donut and a cup become each other;
- in a negative prompt the usual words about quality (低质量, watermark) are kept as well.
"""

from functools import cache

from aigc_kit.tinyworld.clip_captions import MOTION_TERMS, clip_canonical
from aigc_kit.tinyworld.clip_synonyms import CLIP_GRAMMAR, CLIP_NOT_OURS, MOTION_SYNONYMS, QUALITY_TERMS
from aigc_kit.tinyworld.motion import CLIP_ATTRIBUTES, MORPHING, ClipSpec, go_together
from aigc_kit.tinyworld.scan import Hit, Lexicon, attribute_words, compiled, key, scan
from aigc_kit.tinyworld.vocab import Phrase, checked, gathered, settle

QUALITY = "quality:"


def clip_phrase(prompt: str, *, negative: bool = False) -> Phrase:
    """Says a prompt in the video model's own words. Any text is accepted; an unknown one gives an empty phrase.

    Args:
        prompt: Chinese or English.
        negative: keep words about quality; their attribute is "quality:<word>".

    Raises:
        BadInput: ``prompt`` is no text.
    """
    hits = _joined(prompt, scan(checked(prompt), lexicon()))
    quality = [hit for hit in hits if hit.attribute.startswith(QUALITY)]
    if not negative:
        hits = [hit._replace(attribute="unknown", value="") if hit in quality else hit for hit in hits]
    why = settle(hits)
    _drop_unfit(hits, why)
    said = [hit.value for hit, reason in zip(hits, why, strict=True) if negative and hit in quality and not reason]

    def say(spec: ClipSpec, language: str) -> str:
        words = [en if language == "en" else zh for en, zh, _ in QUALITY_TERMS if en in said]
        return ("，" if language == "zh" else ", ").join(
            part for part in (clip_canonical(spec, language), *words) if part
        )

    return gathered(prompt, hits, why, _spec, say)


def clip_spec_of(prompt: str) -> ClipSpec:
    """The attributes that a prompt sets; those it does not mention are None."""
    spec: ClipSpec = clip_phrase(prompt).spec
    return spec


@cache
def lexicon() -> Lexicon:
    """The words of clips. What only pictures have is known as not ours, so that no part of it is misread."""
    known: dict[str, tuple[str, str]] = {}
    for motion, (chinese, english) in MOTION_TERMS.items():
        own = [*chinese, *(key(phrase) for phrase in english)]
        for word in [*own, *MOTION_SYNONYMS[motion].replace("|", " ").split()]:
            known.setdefault(word, ("motion", motion))
    for words, name in ((CLIP_NOT_OURS, "unknown"), (CLIP_GRAMMAR, "grammar")):
        for word in words.replace("|", " ").split():
            known.setdefault(word, (name, ""))
    for quality, _, entries in QUALITY_TERMS:
        for word in entries.split():
            known.setdefault(word, (QUALITY + quality, quality))
    for word, (attribute, value) in attribute_words().items():
        shown = attribute in ("grammar", "unknown", "negation") or value in CLIP_ATTRIBUTES.get(attribute, ())
        known.setdefault(word, (attribute, value) if shown else ("unknown", ""))
    return compiled(known)


def _spec(**values: str) -> ClipSpec:
    return ClipSpec(**{name: value for name, value in values.items() if not name.startswith(QUALITY)})


def _joined(prompt: str, hits: list[Hit]) -> list[Hit]:
    """A change and the thing that comes of it as one hit: 变成一只咖啡杯. What is no cup and no donut stays apart."""
    out: list[Hit] = []
    for hit in hits:
        back = len(out) - 1
        while back >= 0 and out[back].attribute in ("grammar", "colour") and out[back].clause == hit.clause:
            back -= 1
        into = hit.attribute == "subject" and hit.value in MORPHING
        if into and back >= 0 and out[back].value == "morph" and out[back].clause == hit.clause:
            start = out[back].start
            out[back:] = [out[back]._replace(end=hit.end, text=prompt[start : hit.end])]
        else:
            out.append(hit)
    return out


def _drop_unfit(hits: list[Hit], why: list[str]) -> None:
    """Motions that the subject cannot make."""
    kept = {hit.attribute: k for k, hit in enumerate(hits) if not why[k]}
    subject, motion = kept.get("subject"), kept.get("motion")
    if motion is None:
        return
    after = next((hit for hit in hits[motion + 1 :] if hit.attribute != "grammar"), None)
    into = hits[motion].value == "morph" and after is not None and after.attribute == "subject"
    something_else = into and (subject is None or subject < motion)
    if something_else or (subject is not None and not go_together(hits[subject].value, hits[motion].value)):
        why[motion] = "unfit"
