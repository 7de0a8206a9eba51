"""Pictures as HTML: what was made, under it what the model was given. Small WebPs inside; all text is escaped."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from aigc_kit.core.types import Step, Take
from aigc_kit.core.units import format_seconds
from aigc_kit.teach.show.page import ATTRIBUTES_ZH, TIER_ZH, WHY_ZH, Html, Shown, value_zh

WIDEST = 512  # pixels of a picture in a notebook; larger ones are shown smaller, the take keeps them whole
GREY = "color:#8a8f98;font-size:.85em"
_KEPT = "background:#2e9e5b33;border-radius:.4em;padding:0 .35em;margin:0 .15em"
_DROPPED = "background:#8885;border-radius:.4em;padding:0 .35em;margin:0 .15em"
_DIALS: Mapping[str, str] = {
    "guidance": "CFG",
    "steps": "步数",
    "seed": "种子",
    "size": "尺寸",
    "prompt": "提示词",
    "negative": "负面提示词",
    "scheduler": "采样器",
    "strength": "重画强度",
}


if TYPE_CHECKING:
    from aigc_kit.make.image import Grid


def tag(picture: np.ndarray | Image.Image, width: int = 192, alt: str = "") -> str:
    """An <img> with the picture inside.

    Args:
        picture: PIL.Image or uint8 (H, W, 3).
        width: on the page, in CSS pixels.
        alt: for those who cannot see it.
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))
    if max(image.size) > WIDEST:
        image = image.copy()
        image.thumbnail((WIDEST, WIDEST))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", quality=80, method=5)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img src="data:image/webp;base64,{data}" width="{width}" alt="{escape(alt)}" style="border-radius:4px">'


def channels(latents: Any, count: int = 4) -> np.ndarray:
    """The first channels of latents as grey pictures in a square, one cell a latent: uint8 (H, W, 3).

    Args:
        latents: torch float (1, C, h, w); each channel is stretched to its own range.
        count: how many, a square number.
    """
    found = np.asarray(latents[0, :count].float().cpu())
    low, high = found.min(axis=(1, 2), keepdims=True), found.max(axis=(1, 2), keepdims=True)
    grey = ((found - low) / np.maximum(high - low, 1e-6) * 255).round().astype(np.uint8)
    side = round(count**0.5)
    lines = [np.concatenate(list(grey[i * side : (i + 1) * side]), axis=1) for i in range(side)]
    whole = np.concatenate(lines).repeat(8, axis=0).repeat(8, axis=1)
    return np.repeat(whole[..., None], 3, axis=2)


def row(pictures: Sequence[np.ndarray | Image.Image], titles: Sequence[str], width: int = 128) -> Html:
    """Pictures side by side, each with its title below; they wrap where the page is narrow."""
    cells = "".join(
        f'<figure style="margin:0 .6em .6em 0;width:{width}px">{tag(picture, width, title)}'
        f'<figcaption style="text-align:center;font-size:.9em">{escape(title)}</figcaption></figure>'
        for picture, title in zip(pictures, titles, strict=True)
    )
    return Html(f'<div style="display:flex;flex-wrap:wrap">{cells}</div>', "　".join(titles))


def show(take: Take, title: str = "", width: int = 320) -> Html:
    """One take: its pictures, and beside them what the model was given, what was kept and dropped, how it was made."""
    images = "".join(
        f'<div style="margin:0 .6em .4em 0">{tag(picture, width, take.plan.request.prompt)}</div>'
        for picture in take.data
    )
    words = "".join(f'<div style="margin-bottom:.4em">{line}</div>' for line in _said(take))
    head = f"<b>{escape(title)}</b>" if title else ""
    html = (
        f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;margin:.4em 0">{images}'
        f'<div style="flex:1 1 20em;max-width:44em">{head}{words}</div></div>'
    )
    return Html(html, _plain(take, title))


def shows(takes: Sequence[Take], titles: Sequence[str], width: int = 200) -> Html:
    """Several takes side by side, each with its title, what the model was given, and how it was made; lines that all
    share stand once, below.
    """
    every = [_said(take) for take in takes]
    shared = [line for line in every[0] if len(takes) > 1 and all(line in lines for lines in every)]
    cells, texts = [], []
    for take, title, lines in zip(takes, titles, every, strict=True):
        own = "".join(f'<div style="{GREY};margin-top:.2em">{line}</div>' for line in lines if line not in shared)
        cells.append(
            f'<figure style="margin:0 1em .6em 0;width:{width}px">{tag(take.data[0], width, title)}'
            f"<figcaption><b>{escape(title)}</b>{own}</figcaption></figure>"
        )
        texts.append(_plain(take, title))
    below = "".join(f'<div style="{GREY}">{line}</div>' for line in shared)
    return Html(f'<div style="display:flex;flex-wrap:wrap">{"".join(cells)}</div>{below}', "\n\n".join(texts))


def grid(made: "Grid", width: int = 132) -> Html:
    """A grid with its dials at the side and along the top; below it what all pictures share."""
    (down, rows), (along, columns) = made.rows, made.columns
    first = made.takes[0][0]
    largest = max(take.data.shape[2] for takes in made.takes for take in takes)
    heads = "".join(
        f"<th>{escape(_value(along, value, take))}</th>" for value, take in zip(columns, made.takes[0], strict=True)
    )
    body = ""
    for value, takes in zip(rows, made.takes, strict=True):
        name = f'<th style="text-align:right;max-width:11em">{escape(_value(down, value, takes[0]))}</th>'
        cells = "".join(f"<td>{tag(take.data[0], round(width * take.data.shape[2] / largest))}</td>" for take in takes)
        body += f"<tr>{name if down else ''}{cells}</tr>"
    corner = "<th></th>" if down else ""
    head = f"<tr>{corner}{heads}</tr>" if along else ""
    shared = {name: getattr(first.plan.request, name) for name in ("steps", "guidance", "seed")}
    same = "，".join(f"{_DIALS[n]} {v:g}" for n, v in shared.items() if n not in (down, along))
    foot = "" if "prompt" in (down, along) else _given(first)
    foot += f"其余相同：{same}" if same else ""
    under = f'<caption style="caption-side:bottom;text-align:left;{GREY}">{escape(foot)}</caption>'
    dials = " × ".join(_DIALS.get(name, name) for name in (down, along) if name)
    text = f"{dials} 的网格，{len(rows)} × {len(columns)} 张图。{foot}"
    return Html(f'<table style="border-spacing:4px">{under}{head}{body}</table>', text)


def reading(take: Take, titles: Sequence[str] = ()) -> Html:
    """What the tiny world's reader sees in each picture, beside what was asked for."""
    from aigc_kit.make.image.measures import shows as seen
    from aigc_kit.teach.show.page import table
    from aigc_kit.worlds.tinyworld import checker, vocab

    spec = vocab.spec_of(take.plan.request.prompt).known()
    held, found = seen(take), checker.read(take.data)
    rows = []
    for index, (one, read) in enumerate(zip(held, found, strict=True)):
        name = titles[index] if index < len(titles) else f"seed {take.labels['seeds'][index]}"
        marks = [f"{'✓' if one[key] else '✗'} {value_zh(key, read.labels[key])}" for key in spec]
        rows.append((name, "是" if read.valid else "不是", *marks))
    head = ("", "是小世界的画吗", *(f"{ATTRIBUTES_ZH[key]}：{value_zh(key, value)}？" for key, value in spec.items()))
    caption = "裁判：一个只看过程序画的图、与画图模型没有共同权重的小网络（实测）"
    return table(rows, head, caption)


def _given(take: Take) -> str:
    """What the model was given, and what of the prompt it was not; plain text."""
    lost = "、".join(text for text, why in take.labels.get("dropped", ()) if why != "grammar")
    return f"模型读到：{take.labels['prompt_read']}　" + (f"舍去：{lost}　" if lost else "")


def _value(dial: str, value: Any, take: Take) -> str:
    if dial == "size":
        height, width = take.labels["size"]
        asked = f"{value[0]}×{value[1]}"
        return asked if (height, width) == tuple(value) else f"{asked} → {height}×{width}"
    if dial == "prompt":
        return str(value)
    return f"{_DIALS.get(dial, dial)} {value if value is not None else '默认'}"


def _said(take: Take) -> list[str]:
    """Lines of HTML: what the model was given for the prompt and the negative, and how the picture was made."""
    lines = [f"提示词：{escape(take.plan.request.prompt)}"] if "phrase" in take.labels else []
    lines += _read(take, "", "模型读到")
    if take.plan.request.negative:
        lines += _read(take, "negative_", "负面读到")
    lines += [f"注意：{escape(note)}" for note in take.labels["notes"]]
    return [*lines, f'<span style="{GREY}">{escape(_how(take))}</span>']


def _read(take: Take, side: str, name: str) -> list[str]:
    labels = take.labels
    read = labels.get(f"{side}prompt_read")
    if read is None:
        return []
    tokens = f"{labels[f'{side}tokens']} / {labels[f'{side}token_limit']} token"
    lines = [f'{name}：<b>{escape(read) or "（空）"}</b> <span style="{GREY}">{tokens}</span>']
    if f"{side}kept" in labels:
        kept = " ".join(f'<span style="{_KEPT}">{escape(text)}</span>' for text, _, _ in labels[f"{side}kept"])
        lost = [(text, why) for text, why in labels[f"{side}dropped"] if why != "grammar"]
        dropped = " ".join(
            f'<span style="{_DROPPED}" title="{escape(WHY_ZH.get(why, why))}">{escape(text)}</span>'
            for text, why in lost
        )
        lines.append(f"留下 {kept or '（没有）'}" + (f"　舍去 {dropped}" if lost else ""))
    if labels.get(f"{side}unknown"):
        lines.append(f"词表里没有：{escape('、'.join(labels[f'{side}unknown']))}")
    return lines


def _how(take: Take) -> str:
    request, labels = take.plan.request, take.labels
    height, width = labels["size"]
    seeds = "、".join(map(str, labels["seeds"]))
    return (
        f"AI 生成 · {labels['model']} · {TIER_ZH[labels['tier']]} · {height}×{width} · {request.steps} 步 · "
        f"CFG {request.guidance:g} · seed {seeds} · {format_seconds(take.measured()['seconds'].value)}（实测）"
    )


def _plain(take: Take, title: str) -> str:
    said = [title, f"提示词：{take.plan.request.prompt}", f"模型读到：{take.labels['prompt_read']}", _how(take)]
    return "\n".join(line for line in said if line)


class Film:
    """Give it to `image.run` as `on_step`: it grows while the picture is made, and stays.

    Args:
        shots: how many moments are kept, first and last step among them; each is decoded twice.
        width: of a picture, in CSS pixels.
    """

    def __init__(self, shots: int = 6, width: int = 118) -> None:
        self.shots, self.width = shots, width
        self.frames: list[tuple[int, Any, Any]] = []  # (step, latents decoded, what it is taken to become)
        self._shown: Shown | None = None

    def __call__(self, step: Step) -> None:
        """A step of the run is done."""
        if step.phase != "denoise" or step.index not in self._wanted(step.total - 1):
            return
        self.frames.append((step.index + 1, step.preview("latent"), step.preview()))  # type: ignore[call-arg]
        if self._shown is None:
            self._shown = Shown(self.html())
        else:
            self._shown.replace(self.html())

    def html(self) -> Html:
        """Two rows: the latents decoded as they are, and the finished picture that the model sees in them."""
        heads = "".join(f"<th>第 {number} 步</th>" for number, _, _ in self.frames)
        noisy = "".join(f"<td>{tag(latent, self.width)}</td>" for _, latent, _ in self.frames)
        clean = "".join(f"<td>{tag(picture, self.width)}</td>" for _, _, picture in self.frames)
        side = f'<td style="text-align:right;{GREY}">'
        html = (
            f"<table><tr><td></td>{heads}</tr><tr>{side}此刻的潜变量，<br>直接解码</td>{noisy}</tr>"
            f"<tr>{side}模型此刻猜的<br>成品</td>{clean}</tr></table>"
        )
        return Html(html, "从噪声到图：第 " + "、".join(str(number) for number, _, _ in self.frames) + " 步")

    def _wanted(self, total: int) -> set[int]:
        last = total - 1
        return {round(i * last / max(self.shots - 1, 1)) for i in range(self.shots)}
