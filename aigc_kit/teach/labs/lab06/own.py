"""Turn one drawing, or a few pictures, into training material."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.teach.labs.lab06.canvas import SIDE, drawn, picture_of
from aigc_kit.teach.labs.lab06.looks import shot
from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld.layers import Layers
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.styles import flat

LEAST, MOST = 2, 200
SMALLEST = 40
"""Pixels of a drawing below which it is a dot."""

Pairs = tuple[np.ndarray, list[str]]


def mushroom() -> np.ndarray:
    """Draw the example, a mushroom: uint8 (128, 128, 3)."""
    page = Image.new("RGB", (SIDE * 3, SIDE * 3), "white")
    pen = ImageDraw.Draw(page)
    ink = (48, 34, 52)
    pen.rounded_rectangle((150, 180, 234, 330), 36, fill=(250, 236, 206), outline=ink, width=12)
    pen.pieslice((54, 54, 330, 330), 180, 360, fill=(208, 40, 40), outline=ink, width=12)
    pen.line((54, 192, 330, 192), fill=ink, width=12)
    for x, y, r in ((190, 110, 26), (118, 150, 20), (262, 150, 20)):
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(255, 250, 240))
    return np.asarray(page.reduce(3))


def scattered(drawing: np.ndarray, word: str, count: int = 48, seed: int = 0) -> Pairs:
    """Put one drawing into many scenes, sizes and places.

    Args:
        drawing: uint8 (128, 128, 3) on a plain paper.
        word: what it is called, such as "蘑菇"; a new one.
        count: of pictures.
        seed: of scenes and places.

    Returns:
        pictures, uint8 (N, 128, 128, 3); captions, N of them.

    Raises:
        BadInput: nothing is drawn, or there is no word.
    """
    mask = drawn(drawing)
    if mask.sum() < SMALLEST:
        raise BadInput(
            asked=Words(f"a new subject {word!r} from this drawing", f"用这张画教一个新主体 {word!r}"),
            found=Words(f"{int(mask.sum())} pixels are drawn", f"只画了 {int(mask.sum())} 个像素"),
            todo=Words("draw it larger, in another colour than the paper", "画大一些，颜色要和纸不一样"),
        )
    if not word.strip():
        raise BadInput(
            asked=Words("a new subject without a word", "教一个没有名字的新主体"),
            found=Words("the word is empty", "名字是空的"),
            todo=Words("give it a word, such as '蘑菇'", "起一个名字，例如 '蘑菇'"),
        )
    rng = random.Random(seed)
    cut = _cut(drawing, mask)
    specs = [Spec(style="flat").fill(rng) for _ in range(count)]
    pictures = np.stack([_placed(cut, spec, rng) for spec in specs])
    return pictures, [caption(spec.told(rng, 0.85), word) for spec in specs]


def caption(spec: Spec, word: str) -> str:
    """Say a spec with another word for its subject.

    In Chinese, without colour and style.

    >>> caption(Spec(scene="forest", light="night"), "蘑菇")
    '一个蘑菇，在森林里，夜晚'
    """
    kept = {name: value for name, value in spec.known().items() if name not in ("subject", "colour", "style")}
    return tinyworld.canonical(Spec(**{**kept, "subject": "ball"}), "zh").replace("圆球", word)


SCENES = tuple(
    Spec(scene=scene, light=light)
    for scene, light in (("forest", "day"), ("sea", "day"), ("moon", "night"), ("city", "day"))
)
"""What four prompts about a new subject say beside it."""


def hinted(pipe: Any, count: int, seed: int = 0) -> Any:
    """Make material for a ControlNet: renders with silhouettes.

    Captions say neither size nor place. `count`: of pictures.
    """
    from aigc_kit.make.train import material

    rng = random.Random(seed)
    specs = [Spec.sample(rng, training=True) for _ in range(count)]
    pairs = [tinyworld.render_with_mask(spec, SIDE, SIDE, rng.randrange(2**31)) for spec in specs]
    told = [Spec(**{k: v for k, v in spec.known().items() if k not in ("size", "position")}) for spec in specs]
    hints = np.stack([np.repeat(mask[..., None], 3, 2).astype(np.uint8) * 255 for _, mask in pairs])
    return material(pipe, np.stack([page for page, _ in pairs]), [tinyworld.canonical(spec) for spec in told], hints)


def brought(sources: Sequence[str | Path | np.ndarray | bytes], captions: Sequence[str]) -> Pairs:
    """Read pictures of one's own, of any size and mode.

    Args:
        sources: files or arrays, 2 to 200.
        captions: one of each, in the world's words where they fit.

    Raises:
        BadInput: too few, too many, two that are the same, or as many captions as there are not pictures.
    """
    if not LEAST <= len(sources) <= MOST:
        raise BadInput(
            asked=Words(f"training on {len(sources)} pictures", f"用 {len(sources)} 张图片训练"),
            found=Words("too few or too many", "太少或太多"),
            todo=Words(
                f"bring 8 to 20, at least {LEAST}, at most {MOST}", f"准备 8 到 20 张；最少 {LEAST} 张，最多 {MOST} 张"
            ),
        )
    if len(captions) != len(sources):
        raise BadInput(
            asked=Words(f"{len(sources)} pictures", f"{len(sources)} 张图片"),
            found=Words(f"{len(captions)} captions", f"{len(captions)} 句说明"),
            todo=Words("write one caption for each picture", "每张图片写一句说明"),
        )
    pages = np.stack([picture_of(source) for source in sources])
    if len({page.tobytes() for page in pages}) < len(pages):
        raise BadInput(
            asked=Words(f"training on {len(pages)} pictures", f"用 {len(pages)} 张图片训练"),
            found=Words("two of them are the same", "其中有两张一模一样"),
            todo=Words("leave one of them out", "去掉重复的"),
        )
    return pages, list(captions)


def _cut(drawing: np.ndarray, mask: np.ndarray) -> Image.Image:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    cut = np.dstack([drawing, mask.astype(np.uint8) * 255])
    return Image.fromarray(cut[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _placed(cut: Image.Image, spec: Spec, rng: random.Random) -> np.ndarray:
    """Paint a cut-out where the world would place its subject."""
    actor = tinyworld.place(spec, SIDE, SIDE, rng)
    scale = 2 * actor.half * SIDE / max(cut.size)
    size = [max(4, round(side * scale)) for side in cut.size]
    piece = cut.resize(size, Image.Resampling.LANCZOS).rotate(
        np.degrees(actor.turn), Image.Resampling.BICUBIC, expand=True
    )
    page = Image.new("RGBA", (SIDE, SIDE))
    page.paste(piece, (round(actor.x * SIDE - piece.width / 2), round(actor.y * SIDE - piece.height / 2)))
    values = np.asarray(page, np.float32)
    empty = np.zeros((SIDE, SIDE), np.float32)
    layers = Layers(values[..., :3], values[..., 3] / 255, empty, empty)
    return np.clip(np.rint(flat(shot(spec, layers, actor.colour, rng))), 0, 255).astype(np.uint8)
