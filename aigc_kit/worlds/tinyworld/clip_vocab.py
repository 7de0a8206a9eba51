"""Say any prompt in the words of clips.

    clip_phrase("一只穿着宇航服的柴犬在月球表面跳舞，电影级光照").phrase   ->  "一只小狗跳跃，在月球上"

As `vocab.phrase`, with these rules besides:

- values that only pictures have (a wizard, a forest, ink wash, sizes, places) are unknown;
- two motions: the first stays; a motion that the subject cannot make is "unfit" (a cat cannot become anything), and the
  next one stays; who rolls or turns round on the way to a side moves to that side;
- 变成咖啡杯, "turns into a mug": one piece with the thing that comes of it; only a donut and a cup become each other;
- in a negative prompt the usual words about quality (低质量, watermark) are kept as well.
"""

from collections.abc import Sequence
from functools import cache

from aigc_kit.worlds.tinyworld.captions import MOTION_TERMS, canonical
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, MORPHING, ClipSpec, go_together
from aigc_kit.worlds.tinyworld.motion_words import clip_rules
from aigc_kit.worlds.tinyworld.scan import (
    HINT,
    Hit,
    Lexicon,
    Meaning,
    attribute_words,
    compiled,
    entries,
    learn,
    learn_terms,
    scan,
)
from aigc_kit.worlds.tinyworld.vocab import Phrase, checked, gathered, settle
from aigc_kit.worlds.tinyworld.words import rows_of

ON_THE_WAY = ("roll", "转身")

MOTION_SYNONYMS = rows_of(
    "left: 向左 往左 朝左 左移 向左边 往左边 朝左边 向左侧 往左侧 从右向左 从右往左 从右到左 从右边向左 从右边往左 | "
    "left leftward leftwards to-the-left towards-the-left from-right-to-left right-to-left; "
    "right: 向右 往右 朝右 右移 向右边 往右边 朝右边 向右侧 往右侧 从左向右 从左往右 从左到右 从左边向右 从左边往右 "
    "| right rightward rightwards to-the-right towards-the-right from-left-to-right left-to-right; "
    "up: 向上 往上 朝上 上升 升起 升空 飞起来 飞上天 浮起来 上浮 飘上去 向上飞 往上飞 往上游 向上游 从下往上 "
    "从下向上 | up upward upwards rise rises float-up floats-up ascend ascends ascending climbs climbing; "
    "down: 向下 往下 朝下 下落 落下 掉下 掉下来 掉落 坠落 下降 降落 沉下去 下沉 飘落 落到 落在 从上往下 从上向下 | "
    "down downward downwards fall falls drop drops dropping descend descends descending sink sinks sinking; "
    "grow: 长大 越来越大 越变越大 变得越来越大 变得更大 放大 膨胀 生长 绽放 | grow grows bigger-and-bigger "
    "larger-and-larger getting-bigger gets-bigger getting-larger becoming-bigger becomes-bigger expanding expands "
    "inflating inflates swelling swells; "
    "bounce: 跳 跳动 跳起 跳起来 弹跳 蹦 蹦跳 跳舞 起舞 舞蹈 弹来弹去 跳来跳去 蹦来蹦去 上下跳动 | jump jumps bounce "
    "bounces hop hops hopping leap leaps leaping dance dances dancing; "
    "turn: 转 打转 自转 转动 翻转 转身 转圈圈 打滚 翻滚 滚动 转来转去 转起来 | turn turns spin spins rotate rotates "
    "rotating rotation twirl twirls twirling whirl whirls whirling roll rolls rolling revolve revolves revolving; "
    "morph: 变成 变为 变作 变回 变身 化为 化作 变化成 变成了 | morph morphs becomes become becoming turns-into "
    "turn-into turning-into turns-to turning-to transform transforms transforming transforms-into transform-into "
    "transforming-into morphs-into morphing-into melts-into melting-into changes-into changing-into"
)
"""motion -> "Chinese entries | English entries"; a hyphen stands for a space or a hyphen."""

CLIP_GRAMMAR = (
    "正在 慢慢 慢慢地 缓缓 缓缓地 渐渐 一点一点 一点点 不停地 不断 再次 重新 原地 | slowly gradually again keeps that "
    "is gently quickly"
)
CLIP_NOT_OURS = (
    "左边 右边 左侧 右侧 左面 右面 跳过 转身 转告 好转 上下 变化 | on-the-left on-the-right left-side right-side "
    "left-hand right-hand all-right upside-down grown-up close-up"
)
"""Words that carry no motion, or hold one of ours by accident."""

QUALITY_TERMS: tuple[tuple[str, str, str], ...] = (
    ("low quality", "低质量", "low-quality 低质量 低画质 劣质"),
    ("worst quality", "最差", "worst-quality worst 最差 最差质量"),
    ("watermark", "水印", "watermark watermarks 水印"),
    ("glitch", "glitch", "glitch glitches glitchy 故障"),
    ("blurry", "模糊", "blurry blur blurred 模糊"),
    ("static", "静止", "static still motionless 静止 静止不动"),
)
"""What a usual negative prompt names: (English, Chinese, entries). The tiny model learnt them as negatives."""

QUALITY = "quality:"


def clip_phrase(prompt: str, *, negative: bool = False) -> Phrase:
    """Say a prompt in the video model's words, as `vocab.phrase`.

    In a ``negative`` prompt words about quality are kept; their attribute is "quality:<word>".
    """
    hits = _joined(prompt, scan(checked(prompt), lexicon()))
    quality = [hit for hit in hits if hit.attribute.startswith(QUALITY)]
    if not negative:
        hits = [hit._replace(attribute="unknown", value="") if hit in quality else hit for hit in hits]
    why = settle(prompt, hits, negative=negative)
    _drop_unfit(hits, why)
    faults = [hit.value for hit, reason in zip(hits, why, strict=True) if negative and hit in quality and not reason]

    def say(spec: ClipSpec, language: str) -> str:
        words = [en if language == "en" else zh for en, zh, _ in QUALITY_TERMS if en in faults]
        mark = "，" if language == "zh" else ", "
        return mark.join(part for part in (canonical(spec, language), *words) if part)

    return gathered(prompt, hits, why, _spec, say)


@cache
def lexicon() -> Lexicon:
    """Compile the words of clips, none only of pictures."""
    meanings: dict[str, Meaning] = {}
    learn_terms(meanings, "motion", MOTION_TERMS, MOTION_SYNONYMS)
    for words, name in ((CLIP_NOT_OURS, "unknown"), (CLIP_GRAMMAR, "grammar")):
        learn(meanings, (name, ""), entries(words))
    for quality, _, words in QUALITY_TERMS:
        learn(meanings, (QUALITY + quality, quality), words.split())
    for word, (attribute, value) in attribute_words().items():
        learn(meanings, (attribute, value) if _ours(attribute, value) else ("unknown", ""), [word])
    rules = (r if _ours(r.attribute, r.value) else r._replace(attribute="unknown", value="") for r in clip_rules())
    return compiled(meanings, tuple(rules))


def _ours(attribute: str, value: str) -> bool:
    return not value or value in CLIP_ATTRIBUTES.get(attribute.rstrip(HINT), ())


def _spec(**values: str) -> ClipSpec:
    return ClipSpec(**{name: value for name, value in values.items() if not name.startswith(QUALITY)})


def _joined(prompt: str, hits: list[Hit]) -> list[Hit]:
    """Join a change with what comes of it."""
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
    """Drop motions that the subject cannot make."""
    places = {hit.attribute: k for k, hit in enumerate(hits) if not why[k]}
    subject, motion = places.get("subject"), places.get("motion")
    if motion is None:
        return
    after = next((hit for hit in hits[motion + 1 :] if hit.attribute != "grammar"), None)
    into = hits[motion].value == "morph" and after is not None and after.attribute == "subject"
    something_else = into and (subject is None or subject < motion)
    if something_else or (subject is not None and not go_together(hits[subject].value, hits[motion].value)):
        why[motion] = "unfit"
        _take_next(hits, why, subject, CLIP_ATTRIBUTES["motion"])
    elif hits[motion].text.lower().startswith(ON_THE_WAY):
        why[motion] = "second" if _take_next(hits, why, subject, ("left", "right", "up", "down")) else ""


def _take_next(hits: list[Hit], why: list[str], subject: int | None, motions: Sequence[str]) -> bool:
    """Show the next motion that the subject can make."""
    for k, hit in enumerate(hits):
        fits = hit.attribute == "motion" and why[k] == "second" and hit.value in motions
        if fits and (subject is None or go_together(hits[subject].value, hit.value)):
            why[k] = ""
            return True
    return False
