"""Captions: what a spec's picture would be called, in Chinese or English, in many ways.

A caption says the attributes that the spec sets, and nothing else. ``canonical`` says them in one fixed way.
"""

import random
from collections.abc import Callable

from aigc_kit.core.errors import UnknownName
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.words import MEASURE, TERMS, WHERE_EN, WHERE_ZH

LANGUAGES = ("zh", "en")
Pick = Callable[[tuple[str, ...]], str]


def caption(spec: Spec, rng: random.Random, language: str = "zh") -> str:
    """A caption of what the spec sets; words, sentence and order by chance.

    Args:
        spec: the attributes to say.
        rng: the source of chance.
        language: "zh" or "en".

    Raises:
        UnknownName: another language.
    """
    say = _said(spec, language, rng.choice)
    if language == "zh":
        return _chinese(spec, say, rng)
    return _english(spec, say, rng)


def canonical(spec: Spec, language: str = "zh") -> str:
    """The spec in its canonical words and order; "" when nothing is set."""
    say = _said(spec, language, lambda words: words[0])
    if language == "zh":
        parts = [
            _core_zh(spec, say),
            say.get("scene") and "在" + say["scene"] + WHERE_ZH[spec.scene or ""],
            say.get("light"),
            say.get("style") and say["style"] + "风格",
            say.get("position") and "在" + say["position"],
        ]
        return "，".join(part for part in parts if part)
    parts = [
        _core_en(say),
        say.get("scene") and f"{WHERE_EN[spec.scene or '']} {say['scene']}",
        say.get("light") and "at " + say["light"],
        say.get("style") and say["style"] + " style",
        say.get("position") and _side_en(say["position"]),
    ]
    return ", ".join(part for part in parts if part)


def _said(spec: Spec, language: str, pick: Pick) -> dict[str, str]:
    if language not in LANGUAGES:
        raise UnknownName(asked=f"language={language!r}", found="no such language", todo="zh or en")
    return {name: pick(TERMS[name][value][LANGUAGES.index(language)]) for name, value in spec.known().items()}


def _core_zh(spec: Spec, say: dict[str, str], measure: bool = True) -> str:
    """The noun phrase: 一只 + 小小的 + 红色 + 的 + 小狗; without a subject 一个…的东西."""
    size, colour, noun = say.get("size", ""), say.get("colour", ""), say.get("subject", "")
    if not noun:
        return f"一个{size}{colour + '的' if colour else ''}东西" if size or colour else ""
    return (
        (MEASURE[spec.subject or ""] if measure else "")
        + size
        + (colour + ("" if size else "的") if colour else "")
        + noun
    )


def _core_en(say: dict[str, str], article: bool = True) -> str:
    words = [say[name] for name in ("size", "colour") if name in say]
    if not words and "subject" not in say:
        return ""
    words.append(say.get("subject", "thing"))
    if article:
        words.insert(0, "an" if words[0][0] in "aeiou" else "a")
    return " ".join(words)


def _side_en(side: str) -> str:
    return ("on the " if side in ("left", "right") else "in the ") + side


def _chinese(spec: Spec, say: dict[str, str], rng: random.Random) -> str:
    core = _core_zh(spec, say, measure=rng.random() < 0.8)
    scene, light, style, side = (say.get(name, "") for name in ("scene", "light", "style", "position"))
    style_said = style and rng.choice([style, style + "风格", style + "风格的图画"])
    side_said = side and rng.choice(["在" + side, "在画面" + side, "画面" + side])
    inside = WHERE_ZH.get(spec.scene or "", "")
    scene_said = scene and rng.choice(["在" + scene + inside, "在" + scene + inside, scene])
    form = rng.randrange(6)
    if form == 0 and scene and core:
        clauses = [rng.choice(["", light]), core + "在" + scene + inside, side_said, style_said]
        clauses.append(light if light and not clauses[0] else "")
    elif form == 1 and scene and light:
        clauses = [light + "的" + scene, (("在" + side) if side else "") + core, style_said]
    elif form == 2 and style and core:
        clauses = [style + rng.choice(["风格的", "的"]) + core, scene_said, light, side_said]
    elif form == 3 and side and core:
        clauses = ["画面" + side + "的" + core, scene_said, style_said, light]
    else:
        clauses = [scene_said, light, style_said, side_said]
        rng.shuffle(clauses)
        clauses.insert(0 if form == 4 else rng.randrange(5), core)
    text = rng.choice(["，", "，", ", "]).join(clause for clause in clauses if clause)
    return ("一张图画，" if text and rng.random() < 0.08 else "") + text + ("。" if text and rng.random() < 0.1 else "")


def _english(spec: Spec, say: dict[str, str], rng: random.Random) -> str:
    core = _core_en(say, article=rng.random() < 0.8)
    scene, light, style, side = (say.get(name, "") for name in ("scene", "light", "style", "position"))
    light_said = light and rng.choice(["at " + light, "during the " + light, light])
    style_said = style and rng.choice([style, style + " style", "in " + style + " style"])
    side_said = side and rng.choice([_side_en(side), f"{side} side" if side in ("left", "right") else side])
    where = f"{WHERE_EN.get(spec.scene or '', '')} {scene}"
    scene_said = scene and rng.choice([where, where, scene])
    form = rng.randrange(5)
    if form == 0 and scene and core:
        clauses = [f"{core} {where}", light_said, side_said, style_said]
    elif form == 1 and style and core:
        clauses = [style + " of " + core, scene_said, side_said, light_said]
    elif form == 2 and side and core:
        clauses = [f"{core} {_side_en(side)}", style_said, scene_said, light_said]
    else:
        clauses = [scene_said, light_said, style_said, side_said]
        rng.shuffle(clauses)
        clauses.insert(0 if form == 3 else rng.randrange(5), core)
    text = ", ".join(clause for clause in clauses if clause)
    text = ("a picture of " if text and rng.random() < 0.08 else "") + text
    return text + ("." if text and rng.random() < 0.1 else "")
