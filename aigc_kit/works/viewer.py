"""Pack meshes of the deformation into a page that turns."""

import base64
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from PIL import Image

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.pages import environment, markup, policy, safe, template_text
from aigc_kit.works.part_from import data_uri, encoded
from aigc_kit.worlds.topology import Camera, Field, Mesh, Topology, donut_to_mug, gilding, mesh_of, render, topology

CELL = 0.1
MOMENTS = 15
TURN, RISE = 15.0, 24.0  # degrees
LARGEST_INDEX = 65535
ALT = "甜甜圈连续变成咖啡杯的立体模型：金色的圆环带着唯一的洞，变成杯子的把手。"


FRAME = "body { margin: 8px; font: 15px/1.6 system-ui, sans-serif; color-scheme: light dark; }"
FILLED = ".morph img, .morph canvas { aspect-ratio: auto; height: max(160px, calc(100vh - 8.5rem)); }"
"""In a frame the picture takes what the controls leave, so that both are seen."""


@dataclass(frozen=True)
class View:
    """Hold a page's picture, alt, words and data.

    `picture` is a data: address, for pages without WebGL; `words` say the numbers; `data` is JSON for the script.
    """

    picture: str
    alt: str
    words: str
    data: str


def morph_view(
    family: Callable[[float], Field] = donut_to_mug,
    *,
    moments: int = MOMENTS,
    cell: float = CELL,
    gold: Callable[[float, np.ndarray], np.ndarray] | None = gilding,
    alt: str = ALT,
) -> View:
    """Show counted meshes of a family, with a slider.

    Args:
        family: t in [0, 1] -> Field.
        moments: how many meshes, 2 to 61.
        cell: of the grid, in units of the solid; smaller is finer and larger.
        gold: (t, points) -> how golden, (V,); None: all golden.
        alt: what is to be seen, in words.

    Raises:
        BadInput: other numbers, or a mesh with more than 65,536 vertices.
    """
    if not 2 <= moments <= 61:
        raise BadInput(
            asked=f"moments={moments}",
            found=Words("not a slider", "这样做不成滑块"),
            todo=Words("choose 2 to 61", "从 2 到 61 里选"),
        )
    times = np.linspace(0, 1, moments).tolist()
    meshes = [mesh_of(family(t), cell) for t in times]
    counts = [topology(mesh) for mesh in meshes]
    golden = gold or (lambda _, points: np.ones(len(points)))
    shares = [np.asarray(golden(t, mesh.vertices)) for t, mesh in zip(times, meshes, strict=True)]
    words = [words_of(count, t) for count, t in zip(counts, times, strict=True)]
    middle = moments // 2
    picture = _picture(meshes[middle], shares[middle], family(times[middle]))
    return View(picture, alt, summary(counts, times), pack(meshes, shares, words))


def summary(counts: Sequence[Topology], times: Sequence[float]) -> str:
    """Say how the genus stays, or at which t not."""
    head = f"{len(counts)} 个时刻的曲面都是重新算出、封闭的网格，亏格由顶点数 V − 棱数 E + 面数 F 数出来。"
    changes = [
        f"t = {start:.2f} 到 {end:.2f} 之间从 {'＋'.join(map(str, old.genus))} 变成 {'＋'.join(map(str, new.genus))}"
        for (start, old), (end, new) in pairwise(zip(times, counts, strict=True))
        if old.genus != new.genus
    ]
    if changes:
        return f"{head}亏格变了：{'；'.join(changes)}。"
    return f"{head}它们的亏格都是 {'、'.join(map(str, counts[0].genus))}：没有撕破，也没有粘合。"


def notebook_html(view: View, height: int = 520) -> str:
    """Frame the view, `height` pixels high, away from the notebook."""
    return frame(document(view), view.alt, view.picture, f'style="border:0" height="{int(height)}"')


def frame(page: str, title: str, picture: str = "", size: str = "") -> str:
    """Close a page into a frame that can reach nothing.

    A browser ignores what stands inside the frame; where frames are taken out, as from a notebook that is not trusted,
    it is what stays.

    Args:
        page: HTML.
        title: what is to be seen, in words.
        picture: address that holds a still picture of it.
        size: attributes of the frame.
    """
    alt = escape(title, quote=True)
    still = f'<img src="{escape(picture, quote=True)}" alt="{alt}">' if picture else ""
    inside = f"{still}<p>{alt}（静止的图：在受信任的笔记本里运行这个单元格，才能操作）</p>"
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{escape(page, quote=True)}" width="100%" {size} title="{alt}">'
        f"{inside}</iframe>"
    )


def document(view: View) -> str:
    """Render the view as a page of its own."""
    css, script = f"{FRAME}\n{template_text('story_viewer.css')}\n{FILLED}", template_text("story_viewer.js")
    code = {"csp": policy((script,), (css,)), "css": markup(css), "script": markup(script)}
    template = environment().get_template("story_view.html.j2")
    return template.render(view=safe(view), title="从甜甜圈到咖啡杯", **code)


def words_of(count: Topology, t: float) -> str:
    """Say the count of one mesh in Chinese.

    >>> from aigc_kit.worlds.topology import topology, torus
    >>> words_of(topology(torus(8, 6)), 0.5)
    't = 0.50：V 48 − E 144 + F 96 = 0，亏格 1'
    """
    parts = (f"V {p.vertices} − E {p.edges} + F {p.faces} = {p.euler}，亏格 {p.genus}" for p in count.parts)
    return f"t = {t:.2f}：" + "；".join(parts)


def pack(meshes: Sequence[Mesh], shares: Sequence[np.ndarray], words: Sequence[str]) -> str:
    """Pack meshes as JSON for the script.

    Whole numbers of 16 bits, as differences, low bytes first, deflated, base64. `shares` are float (V,) in [0, 1], how
    golden; `words` a line for each mesh.

    Raises:
        BadInput: a mesh with too many vertices for 16 bits.
    """
    largest = max(len(mesh.vertices) for mesh in meshes)
    if largest > LARGEST_INDEX + 1:
        fault = Words(f"a mesh of {largest:,} vertices; 65,536 fit", f"网格有 {largest:,} 个顶点；最多 65,536 个")
        raise BadInput(
            asked=Words("a 3-D view", "一个三维视图"), found=fault, todo=Words("take larger cells", "把格子取大一点")
        )
    low = np.min([mesh.vertices.min(axis=0) for mesh in meshes], axis=0)
    high = np.max([mesh.vertices.max(axis=0) for mesh in meshes], axis=0)
    step = float((high - low).max()) / LARGEST_INDEX
    rows: list[np.ndarray] = []
    for mesh, share in zip(meshes, shares, strict=True):
        places, golds = (mesh.vertices - low) / step, np.clip(share, 0, 1)[:, None] * 255
        rows += [_steps(np.rint(places)), _steps(mesh.faces), _steps(np.rint(golds))]
    numbers = np.concatenate(rows)
    plain = np.concatenate([numbers & 255, numbers >> 8]).astype(np.uint8).tobytes()
    data = {
        "low": [round(float(value), 6) for value in low],
        "step": step,
        "turn": float(np.radians(TURN)),
        "rise": float(np.radians(RISE)),
        "length": len(numbers),
        "shapes": [
            {"vertices": len(mesh.vertices), "faces": len(mesh.faces), "words": line}
            for mesh, line in zip(meshes, words, strict=True)
        ],
        "packed": base64.b64encode(zlib.compress(plain, 9)).decode(),
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _steps(rows: np.ndarray) -> np.ndarray:
    """Encode rows as differences modulo 65536, flat."""
    differences: np.ndarray = np.diff(rows.astype(np.int64), axis=0, prepend=0)
    return (differences & LARGEST_INDEX).ravel()


def _picture(mesh: Mesh, share: np.ndarray, field: Field) -> str:
    pixels = render(mesh, Camera(TURN, RISE), size=480, gold=share, field=field)[60:420]
    return data_uri(encoded(Image.fromarray(pixels), quality=82))
