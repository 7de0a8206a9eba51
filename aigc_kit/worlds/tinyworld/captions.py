"""Caption pictures and clips in Chinese or English.

A caption says the attributes that the spec sets, and nothing else. ``canonical`` says them in one fixed way.
"""

import random
from collections.abc import Callable

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import UnknownName
from aigc_kit.worlds.tinyworld.motion import ClipSpec
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.words import MEASURE, TERMS, WHERE_EN, WHERE_ZH, every_word, terms_of

LANGUAGES = ("zh", "en")
Pick = Callable[[tuple[str, ...]], str]

MOTION_TERMS = terms_of(
    "left: 向左移动 往左走 | moving-left going-left; right: 向右移动 往右走 | moving-right going-right; "
    "up: 向上移动 升起来 | moving-up rising; down: 向下移动 落下来 | moving-down falling; grow: 变大 | growing; "
    "bounce: 跳跃 蹦蹦跳跳 | jumping bouncing; turn: 旋转 转圈 | turning spinning; morph: 变形 | morphing"
)
"""motion -> (Chinese words, English phrases); the first of each is the canonical one."""

BECOMES = {"donut": ("变成咖啡杯", "becoming a cup"), "cup": ("变成甜甜圈", "becoming a donut")}
"""The other way to say ``morph``, with what comes of it."""

_TERMS = {**TERMS, "motion": MOTION_TERMS}
_DETAILS = ("scene", "where", "light", "style", "position")
_GRAMMAR_ZH, _GRAMMAR_EN = ("变成", "正在"), ("becoming", "is")


def caption(spec: Spec, rng: random.Random, language: str = "zh") -> str:
    """Say what the spec sets, in words by chance.

    UnknownName is raised for languages other than "zh" and "en".
    """
    say = _words(spec, language, rng.choice)
    return (_chinese if language == "zh" else _english)(say, rng)


def canonical(spec: Spec | ClipSpec, language: str = "zh") -> str:
    """Say a picture or a clip in its canonical words.

    One fixed sentence, "" when nothing is set. UnknownName is raised for languages other than "zh" and "en".
    """
    say = _words(spec, language, lambda words: words[0])
    motion, (_, where, light, style, side) = _motion(spec, say, language), (say.get(name, "") for name in _DETAILS)
    if language == "zh":
        parts = [_core_zh(say) + motion, where, light, style and style + "风格", side and "在" + side]
        return "，".join(part for part in parts if part)
    core = " ".join(part for part in (_core_en(say), motion) if part)
    parts = [core, where, light and "at " + light, style and style + " style", side and _side_en(side)]
    return ", ".join(part for part in parts if part)


def clip_words() -> tuple[str, ...]:
    """List each word and mark of a clip's caption once."""
    chinese = [*_GRAMMAR_ZH, *(word for zh, _ in MOTION_TERMS.values() for word in zh)]
    english = [*_GRAMMAR_EN, *(word for _, en in MOTION_TERMS.values() for phrase in en for word in phrase.split())]
    return tuple(dict.fromkeys([*chinese, *english, *every_word()]))


def clip_caption(spec: ClipSpec, rng: random.Random, language: str = "zh") -> str:
    """Say what a clip's spec sets, as `caption` does."""
    say = _words(spec, language, rng.choice)
    motion = _motion(spec, say, language, rng)
    return (_clip_chinese if language == "zh" else _clip_english)(say, motion, rng)


def _words(spec: Spec | ClipSpec, language: str, pick: Pick) -> dict[str, str]:
    if language not in LANGUAGES:
        raise UnknownName(
            asked=f"language={language!r}",
            found=Words("no such language", "没有这种语言"),
            todo=Words("zh or en", "写 zh 或 en"),
        )
    at = LANGUAGES.index(language)
    say = {name: pick(_TERMS[name][value][at]) for name, value in spec.known().items()}
    if spec.subject:
        say["measure"] = MEASURE[spec.subject]
    if spec.scene:
        zh, en = f"在{say['scene']}{WHERE_ZH[spec.scene]}", f"{WHERE_EN[spec.scene]} {say['scene']}"
        say["where"] = zh if language == "zh" else en
    return say


def _motion(spec: Spec | ClipSpec, say: dict[str, str], language: str, rng: random.Random | None = None) -> str:
    """Say the motion, at times what comes of it.

    Never in canonical words: where both are named the tiny encoder mixes them up (of 20 clips of 咖啡杯变成甜甜圈 17
    showed a donut that became a cup; of 36 of 咖啡杯变形 or a coffee cup morphing none).
    """
    becomes = BECOMES.get(spec.subject or "") if say.get("motion") and spec.known()["motion"] == "morph" else None
    if becomes and rng is not None and rng.random() < 0.6:
        return becomes[LANGUAGES.index(language)]
    return say.get("motion", "")


def _core_zh(say: dict[str, str], measure: bool = True) -> str:
    """Say the noun phrase: 一只小小的红色小狗, or 一个红色的东西."""
    size, colour, noun = say.get("size", ""), say.get("colour", ""), say.get("subject", "")
    if not noun:
        return f"一个{size}{colour + '的' if colour else ''}东西" if size or colour else ""
    of_colour = colour + ("" if size else "的") if colour else ""
    return (say["measure"] if measure else "") + size + of_colour + noun


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


def _chinese(say: dict[str, str], rng: random.Random) -> str:
    core = _core_zh(say, measure=rng.random() < 0.8)
    scene, where, light, style, side = (say.get(name, "") for name in _DETAILS)
    style_words = style and rng.choice([style, style + "风格", style + "风格的图画"])
    side_words = side and rng.choice(["在" + side, "在画面" + side, "画面" + side])
    scene_words = scene and rng.choice([where, where, scene])
    form = rng.randrange(6)
    if form == 0 and scene and core:
        clauses = [rng.choice(["", light]), core + where, side_words, style_words]
        clauses.append(light if light and not clauses[0] else "")
    elif form == 1 and scene and light:
        clauses = [light + "的" + scene, (("在" + side) if side else "") + core, style_words]
    elif form == 2 and style and core:
        clauses = [style + rng.choice(["风格的", "的"]) + core, scene_words, light, side_words]
    elif form == 3 and side and core:
        clauses = ["画面" + side + "的" + core, scene_words, style_words, light]
    else:
        clauses = [scene_words, light, style_words, side_words]
        rng.shuffle(clauses)
        clauses.insert(0 if form == 4 else rng.randrange(5), core)
    text = rng.choice(["，", "，", ", "]).join(clause for clause in clauses if clause)
    return ("一张图画，" if text and rng.random() < 0.08 else "") + text + ("。" if text and rng.random() < 0.1 else "")


def _english(say: dict[str, str], rng: random.Random) -> str:
    core = _core_en(say, article=rng.random() < 0.8)
    scene, where, light, style, side = (say.get(name, "") for name in _DETAILS)
    light_words = light and rng.choice(["at " + light, "during the " + light, light])
    style_words = style and rng.choice([style, style + " style", "in " + style + " style"])
    side_words = side and rng.choice([_side_en(side), f"{side} side" if side in ("left", "right") else side])
    scene_words = scene and rng.choice([where, where, scene])
    form = rng.randrange(5)
    if form == 0 and scene and core:
        clauses = [f"{core} {where}", light_words, side_words, style_words]
    elif form == 1 and style and core:
        clauses = [style + " of " + core, scene_words, side_words, light_words]
    elif form == 2 and side and core:
        clauses = [f"{core} {_side_en(side)}", style_words, scene_words, light_words]
    else:
        clauses = [scene_words, light_words, style_words, side_words]
        rng.shuffle(clauses)
        clauses.insert(0 if form == 3 else rng.randrange(5), core)
    text = ", ".join(clause for clause in clauses if clause)
    text = ("a picture of " if text and rng.random() < 0.08 else "") + text
    return text + ("." if text and rng.random() < 0.1 else "")


def _clip_chinese(say: dict[str, str], motion: str, rng: random.Random) -> str:
    core = _core_zh(say, measure=rng.random() < 0.8)
    where, light = say.get("where", ""), say.get("light", "")
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


def _clip_english(say: dict[str, str], motion: str, rng: random.Random) -> str:
    core = _core_en(say, article=rng.random() < 0.8)
    where = say.get("where", "")
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
