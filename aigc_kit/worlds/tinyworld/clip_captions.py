"""Captions of clips, Chinese or English, in many ways; ``clip_canonical`` says a spec in one fixed way."""

import random

from aigc_kit.core.errors import UnknownName
from aigc_kit.worlds.tinyworld.captions import LANGUAGES, Pick
from aigc_kit.worlds.tinyworld.motion import ClipSpec
from aigc_kit.worlds.tinyworld.words import MEASURE, TERMS, WHERE_EN, WHERE_ZH, every_word

MOTION_TERMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "left": (("向左移动", "往左走"), ("moving left", "going left")),
    "right": (("向右移动", "往右走"), ("moving right", "going right")),
    "up": (("向上移动", "升起来"), ("moving up", "rising")),
    "down": (("向下移动", "落下来"), ("moving down", "falling")),
    "grow": (("变大",), ("growing",)),
    "bounce": (("跳跃", "蹦蹦跳跳"), ("jumping", "bouncing")),
    "turn": (("旋转", "转圈"), ("turning", "spinning")),
    "morph": (("变形",), ("morphing",)),
}
"""motion -> (Chinese words, English phrases); the first of each is the canonical one."""

BECOMES = {"donut": ("变成咖啡杯", "becoming a cup"), "cup": ("变成甜甜圈", "becoming a donut")}
"""The other way to say ``morph``, with what comes of it."""

_GRAMMAR_ZH, _GRAMMAR_EN = ("变成", "正在"), ("becoming", "is")


def clip_words() -> tuple[str, ...]:
    """Each word and mark that a clip's caption can hold, once."""
    chinese = [*_GRAMMAR_ZH, *(word for zh, _ in MOTION_TERMS.values() for word in zh)]
    english = [*_GRAMMAR_EN, *(word for _, en in MOTION_TERMS.values() for phrase in en for word in phrase.split())]
    return tuple(dict.fromkeys([*chinese, *english, *every_word()]))


def clip_caption(spec: ClipSpec, rng: random.Random, language: str = "zh") -> str:
    """A caption of what the spec sets, and of nothing else; words, sentence and order by chance.

    Raises:
        UnknownName: a language other than "zh" and "en".
    """
    say = _said(spec, language, rng.choice)
    motion = say.get("motion", "")
    if spec.motion == "morph" and spec.subject in BECOMES and rng.random() < 0.6:
        motion = BECOMES[spec.subject][LANGUAGES.index(language)]
    return (_chinese if language == "zh" else _english)(spec, say, motion, rng)


def clip_canonical(spec: ClipSpec, language: str = "zh") -> str:
    """The spec in its canonical words and order; "" when nothing is set."""
    say = _said(spec, language, lambda words: words[0])
    motion = say.get("motion", "")
    if spec.motion == "morph" and spec.subject in BECOMES:
        motion = BECOMES[spec.subject][LANGUAGES.index(language)]
    if language == "zh":
        return "，".join(
            part for part in (_core_zh(spec, say) + motion, _where_zh(spec, say), say.get("light")) if part
        )
    core = " ".join(part for part in (_core_en(spec, say), motion) if part)
    light = "at " + say["light"] if "light" in say else ""
    return ", ".join(part for part in (core, _where_en(spec, say), light) if part)


def _said(spec: ClipSpec, language: str, pick: Pick) -> dict[str, str]:
    if language not in LANGUAGES:
        raise UnknownName(asked=f"language={language!r}", found="no such language", todo="zh or en")
    at = LANGUAGES.index(language)
    known = spec.known()
    return {
        name: pick((MOTION_TERMS[value] if name == "motion" else TERMS[name][value])[at])
        for name, value in known.items()
    }


def _core_zh(spec: ClipSpec, say: dict[str, str], measure: bool = True) -> str:
    colour = say["colour"] + "的" if "colour" in say else ""
    if "subject" not in say:
        return f"一个{colour}东西" if colour else ""
    return (MEASURE[spec.subject or ""] if measure else "") + colour + say["subject"]


def _core_en(spec: ClipSpec, say: dict[str, str], article: bool = True) -> str:
    words = [say[name] for name in ("colour", "subject") if name in say]
    if not words:
        return ""
    if "subject" not in say:
        words.append("thing")
    return " ".join([("an" if words[0][0] in "aeiou" else "a"), *words] if article else words)


def _where_zh(spec: ClipSpec, say: dict[str, str]) -> str:
    return f"在{say['scene']}{WHERE_ZH[spec.scene or '']}" if "scene" in say else ""


def _where_en(spec: ClipSpec, say: dict[str, str]) -> str:
    return f"{WHERE_EN[spec.scene or '']} {say['scene']}" if "scene" in say else ""


def _chinese(spec: ClipSpec, say: dict[str, str], motion: str, rng: random.Random) -> str:
    core = _core_zh(spec, say, measure=rng.random() < 0.8)
    where, light = _where_zh(spec, say), say.get("light", "")
    now = "正在" if motion and rng.random() < 0.25 else ""
    form = rng.randrange(3)
    if form == 0 and where and core:
        clauses = [light, core + where + now + motion]
    elif form == 1 and where and light:
        clauses = [f"{light}的{say['scene']}", core + now + motion]
    else:
        clauses = [core + now + motion, where, light]
        rng.shuffle(clauses)
    text = "，".join(clause for clause in clauses if clause)
    return text + ("。" if text and rng.random() < 0.15 else "")


def _english(spec: ClipSpec, say: dict[str, str], motion: str, rng: random.Random) -> str:
    core = _core_en(spec, say, article=rng.random() < 0.8)
    where = _where_en(spec, say)
    light = f"at {say['light']}" if "light" in say and rng.random() < 0.7 else say.get("light", "")
    middle = " is " if core and motion and rng.random() < 0.25 else " "
    acting = (core + middle + motion).strip()
    if rng.randrange(2) and where and core:
        clauses = [f"{acting} {where}", light]
    else:
        clauses = [acting, where, light]
        rng.shuffle(clauses)
    text = ", ".join(clause for clause in clauses if clause)
    return text + ("." if text and rng.random() < 0.15 else "")
