"""Show pictures, and under them what the model was given.

Small WebPs in escaped HTML; and the lab's first pictures.
"""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from aigc_kit.core.types import Take
from aigc_kit.core.units import format_seconds
from aigc_kit.make import image
from aigc_kit.make.image import measures
from aigc_kit.media.fonts import label
from aigc_kit.teach.show.embed import webp
from aigc_kit.teach.show.markup import GREY
from aigc_kit.teach.show.page import ATTRIBUTES_ZH, TIER_ZH, WHY_ZH, Html, table, titled, value_zh
from aigc_kit.teach.show.plots import BLUE, GREEN, ORANGE, SMALL, Picture, canvas
from aigc_kit.teach.show.plots import GREY as GREY_BOX
from aigc_kit.teach.show.plots import WIDEST as COLUMN
from aigc_kit.teach.show.sweep import NAMES_ZH

WIDEST = 512  # pixels of a picture in a notebook; larger ones are shown smaller, the take keeps them whole
_KEPT = "background:#2e9e5b33;border-radius:.4em;padding:0 .35em;margin:0 .15em"
_DROPPED = "background:#8885;border-radius:.4em;padding:0 .35em;margin:0 .15em"
_DIALS = {**NAMES_ZH, "guidance": "CFG", "scheduler": "采样器", "strength": "重画强度"}
PROMPTS = (
    "一只红色的小猫，在海边，油画风格",
    "一颗红色的爱心，夜晚，霓虹风格",
    "一颗绿色的五角星，在城市里，像素画",
    "一位法师，素描",
    "a yellow cup, plain background, sketch",
    "一朵粉色的花朵，在森林里，水墨画",
)
SEED, STEPS = 40, 20
MOMENTS = (0, 4, 8, 12, 16, STEPS - 1)
_PURPLE = "#8e5bd0"
_ARROWS = (
    *(((1.45, 3.1), (1.95, 3.1)), ((3.55, 3.2), (4.0, 3.5)), ((3.55, 3.0), (4.0, 2.7)), ((5.95, 3.5), (6.5, 3.2))),
    *(
        ((5.95, 2.7), (6.5, 3.0)),
        ((2.85, 0.95), (4.45, 0.95)),
        ((6.75, 0.95), (7.95, 0.95)),
        ((9.55, 0.95), (10.05, 0.95)),
    ),
    ((7.35, 2.75), (6.1, 1.4)),
)  # from where to where, in the picture of the flow

if TYPE_CHECKING:
    from aigc_kit.core.types import ReadWords
    from aigc_kit.make.image import Grid


def tag(picture: np.ndarray | Image.Image, width: int = 192, alt: str = "") -> str:
    """Write an <img> with the picture inside.

    Args:
        picture: PIL.Image or uint8 (H, W, 3).
        width: on the page, in CSS pixels.
        alt: for those who cannot see it.
    """
    source = webp(picture, WIDEST, quality=80, method=5)
    return f'<img src="{source}" width="{width}" alt="{escape(alt)}" style="border-radius:4px">'


def channels(latents: Any, count: int = 4) -> np.ndarray:
    """Draw latents' first channels as grey pictures.

    `latents`: torch float (1, C, h, w); each channel is stretched to its own range. `count`: how many, a square number;
    they stand in a square.

    Returns:
        uint8 (H, W, 3), 8 x 8 pixels a latent.
    """
    layers = np.asarray(latents[0, :count].float().cpu())
    low, high = layers.min(axis=(1, 2), keepdims=True), layers.max(axis=(1, 2), keepdims=True)
    grey = ((layers - low) / np.maximum(high - low, 1e-6) * 255).round().astype(np.uint8)
    side = round(count**0.5)
    whole = np.block([list(grey[i * side : (i + 1) * side]) for i in range(side)])
    return np.repeat(whole.repeat(8, axis=0).repeat(8, axis=1)[..., None], 3, axis=2)


def row(pictures: Sequence[np.ndarray | Image.Image], titles: Sequence[str], width: int = 128) -> Html:
    """Show pictures side by side, each with its title below.

    Rows: {"title", "height", "width"}. They wrap where the page is narrow.
    """
    cells = "".join(
        f'<figure style="margin:0 .6em .6em 0;width:{width}px">{tag(picture, width, title)}'
        f'<figcaption style="text-align:center;font-size:.9em">{escape(title)}</figcaption></figure>'
        for picture, title in zip(pictures, titles, strict=True)
    )
    shapes = [np.asarray(picture).shape for picture in pictures]
    rows = [{"title": title, "height": s[0], "width": s[1]} for title, s in zip(titles, shapes, strict=True)]
    return Html(f'<div style="display:flex;flex-wrap:wrap">{cells}</div>', "　".join(titles), rows)


def show(take: Take, title: str = "", width: int = 320) -> Html:
    """Show a take beside what the model was given.

    With what was kept and dropped, and how it was made. Rows: as in `shows`.
    """
    tags = [tag(picture, width, take.plan.request.prompt) for picture in take.data]
    images = "".join(f'<div style="margin:0 .6em .4em 0">{image}</div>' for image in tags)
    words = "".join(f'<div style="margin-bottom:.4em">{line}</div>' for line in _notes(take))
    head = f"<b>{escape(title)}</b>" if title else ""
    html = (
        f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;margin:.4em 0">{images}'
        f'<div style="flex:1 1 20em;max-width:44em">{head}{words}</div></div>'
    )
    return Html(html, _plain(take, title), [_facts(take, title)])


def shows(takes: Sequence[Take], titles: Sequence[str], width: int = 200) -> Html:
    """Show takes side by side, shared lines once, below.

    Rows: {"title", "prompt", "read", "kept", "dropped", "height", "width", "steps", "guidance", "seeds", "seconds"}.
    """
    every = [_notes(take) for take in takes]
    common = [line for line in every[0] if len(takes) > 1 and all(line in lines for lines in every)]
    cells, texts = [], []
    for take, title, lines in zip(takes, titles, every, strict=True):
        own = "".join(f'<div style="{GREY};margin-top:.2em">{line}</div>' for line in lines if line not in common)
        cells.append(
            f'<figure style="margin:0 1em .6em 0;width:{width}px">{tag(take.data[0], width, title)}'
            f"<figcaption><b>{escape(title)}</b>{own}</figcaption></figure>"
        )
        texts.append(_plain(take, title))
    below = "".join(f'<div style="{GREY}">{line}</div>' for line in common)
    rows = [_facts(take, title) for take, title in zip(takes, titles, strict=True)]
    return Html(f'<div style="display:flex;flex-wrap:wrap">{"".join(cells)}</div>{below}', "\n\n".join(texts), rows)


def grid(made: "Grid", width: int = 132) -> Html:
    """Show a grid between its dials, shared settings below.

    Rows: those of `Grid.cells`.
    """
    (down, rows), (along, columns) = made.rows, made.columns
    first = made.takes[0][0]
    largest = max(take.data.shape[2] for takes in made.takes for take in takes)
    names = [escape(_value(along, value, take)) for value, take in zip(columns, made.takes[0], strict=True)]
    corner, body = "<th></th>" if down else "", ""
    for value, takes in zip(rows, made.takes, strict=True):
        name = f'<th style="text-align:right;max-width:11em">{escape(_value(down, value, takes[0]))}</th>'
        cells = "".join(f"<td>{tag(take.data[0], round(width * take.data.shape[2] / largest))}</td>" for take in takes)
        body += f"<tr>{name if down else ''}{cells}</tr>"
    head = f"<tr>{corner}{''.join(f'<th>{name}</th>' for name in names)}</tr>" if along else ""
    common = {name: getattr(first.plan.request, name) for name in ("steps", "guidance", "seed")}
    same = "，".join(f"{_DIALS[n]} {v:g}" for n, v in common.items() if n not in (down, along))
    foot = "" if "prompt" in (down, along) else _given(first)
    foot += f"其余相同：{same}" if same else ""
    under = f'<caption style="caption-side:bottom;text-align:left;{GREY}">{escape(foot)}</caption>'
    dials = " × ".join(_DIALS.get(name, name) for name in (down, along) if name)
    text = f"{dials} 的网格，{len(rows)} × {len(columns)} 张图。{foot}"
    return Html(f'<table style="border-spacing:4px">{under}{head}{body}</table>', text, made.cells())


def reading(take: Take, titles: Sequence[str] = ()) -> Html:
    """Show what the tiny world's reader sees in a take.

    Rows: `make.image.measures.PictureReading`.
    """
    rows = measures.read(take)
    lines = []
    for row, title in titled(rows, titles):
        marks = [f"{'✓' if right else '✗'} {value_zh(key, eye)}" for key, (_, eye, right) in row.attributes.items()]
        lines.append((title or f"种子 {row.seed}", "是" if row.valid else "不是", *marks))
    questions = [f"{ATTRIBUTES_ZH[key]}：{value_zh(key, wish)}？" for key, (wish, _, _) in rows[0].attributes.items()]
    head = ("", "是小世界的画吗", *questions)
    caption = "裁判：一个只看过程序画的图、与画图模型没有共同权重的小网络（实测）"
    return table(lines, head, caption, rows)


def _facts(take: Take, title: str) -> dict[str, Any]:
    """Write what is said of a take as one row."""
    request, words, (height, width) = take.plan.request, take.words[0], take.labels["size"]
    row: dict[str, Any] = {"title": title, "prompt": request.prompt}
    row |= {"read": words.read, "kept": words.kept, "dropped": words.dropped, "height": height, "width": width}
    row |= {"steps": request.steps, "guidance": request.guidance, "seeds": take.labels["seeds"]}
    return {**row, "seconds": take.measured()["seconds"].value}


def _given(take: Take) -> str:
    """Write as plain text what the model was given."""
    words = take.words[0]
    rest = "、".join(text for text, why in words.dropped if why != "grammar")
    return f"模型读到：{words.read}　" + (f"舍去：{rest}　" if rest else "")


def _value(dial: str, value: Any, take: Take) -> str:
    if dial == "size":
        wish, real = ("×".join(map(str, size)) for size in (value, take.labels["size"]))
        return wish if wish == real else f"{wish} → {real}"
    if dial == "prompt":
        return str(value)
    return f"{_DIALS.get(dial, dial)} {value if value is not None else '默认'}"


def _notes(take: Take) -> list[str]:
    """Write in HTML what was read, and how."""
    lines = [f"提示词：{escape(take.plan.request.prompt)}"] if take.words[0].phrase is not None else []
    for name, words in zip(("模型读到", "负面读到"), take.words, strict=False):
        lines += _read(words, name)
    lines += [f"注意：{escape(note)}" for note in take.labels["notes"]]
    return [*lines, f'<span style="{GREY}">{escape(_how(take))}</span>']


def _read(words: "ReadWords", name: str) -> list[str]:
    tokens = f"{words.tokens} / {words.limit} token"
    lines = [f'{name}：<b>{escape(words.read) or "（空）"}</b> <span style="{GREY}">{tokens}</span>']
    if words.phrase is not None:
        stays = " ".join(f'<span style="{_KEPT}">{escape(text)}</span>' for text, _, _ in words.kept)
        rest = " ".join(
            f'<span style="{_DROPPED}" title="{escape(WHY_ZH.get(why, why))}">{escape(text)}</span>'
            for text, why in words.dropped
            if why != "grammar"
        )
        lines.append(f"留下 {stays or '（没有）'}" + (f"　舍去 {rest}" if rest else ""))
    if words.unknown:
        lines.append(f"词表里没有：{escape('、'.join(words.unknown))}")
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
    lines = [title, f"提示词：{take.plan.request.prompt}", f"模型读到：{take.words[0].read}", _how(take)]
    return "\n".join(line for line in lines if line)


def promise() -> Picture:
    """Draw a picture while it is made, and six prompts.

    Above, the latents of one run at six of its steps, decoded; below, six prompts with one seed, none chosen.
    Rows: {"prompt", "seed", "steps"}.
    """
    moments: list[Any] = []
    figure, axes = canvas(2, len(PROMPTS), width=COLUMN, height=4.7)
    for axis, prompt in zip(axes[len(PROMPTS) :], PROMPTS, strict=True):
        plan = image.plan_for(prompt, card="tinysdxl", seed=SEED, steps=STEPS)

        def keep(step: Any, first: bool = prompt == PROMPTS[0]) -> None:
            if first and step.phase == "denoise" and step.index in MOMENTS:
                moments.append(step.preview("latent"))

        axis.imshow(image.run(plan, on_step=keep).data[0])
        axis.set_title(prompt.replace("，", "，\n", 1).replace(", ", ",\n", 1), fontsize=SMALL)
    for axis, picture, index in zip(axes, moments, MOMENTS, strict=False):
        axis.imshow(picture)
        axis.set_title(label(f"第 {index + 1} 步", f"step {index + 1}"), fontsize=11)
    for axis in axes:
        axis.set_axis_off()
    zh = "tinysdxl（tiny，自己训练的小 SDXL，128×128），六张图同一个种子，没有挑选；AI 生成"
    words = label(zh, "tinysdxl (tiny, trained by this project, 128 x 128), one seed for all, not chosen; AI-generated")
    figure.supxlabel(words, fontsize=SMALL, color="#555b66")
    rows = [{"prompt": prompt, "seed": SEED, "steps": STEPS} for prompt in PROMPTS]
    return Picture(figure, "噪声一步步变成一张图；六句话画成的六张图：" + "；".join(PROMPTS), rows)


def flow(engine: Any, height: int, width: int, steps: int) -> Picture:
    """Draw the loaded model's way from words to pixels.

    Rows: {"part", "parameters"}, of the boxes that are networks. `engine`: `aigc_kit.make.run.engine(plan)` of an
    SDXL-like plan. `height`, `width`: of the picture, pixels.
    """
    parts = engine.parts
    counts = {name: _parameters(parts[name]) for name in ("text_encoder", "text_encoder_2", "unet")}
    counts["vae.decoder"] = _parameters(parts["vae"].decoder)
    figure, (axis,) = canvas(width=COLUMN, height=4.5, tight=False)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.99)
    axis.set_axis_off()
    axis.set_xlim(0, 11.5)
    axis.set_ylim(0, 4.1)
    places = parts["tokenizer"].model_max_length
    wide = {name: parts[name].config.hidden_size for name in ("text_encoder", "text_encoder_2")}
    states = f"{places} × ({'+'.join(map(str, wide.values()))})"
    vae = parts["vae"].config
    side = 2 ** (len(vae.block_out_channels) - 1)
    latent = f"{height // side}×{width // side}×{vae.latent_channels}"
    millions = {name: f"{count / 1e6:,.1f} M" for name, count in counts.items()}
    kind = parts["scheduler"].config.prediction_type
    zh = {"epsilon": "预测噪声 ε，减去一点", "v_prediction": "预测 v，换算成噪声，\n减去一点"}
    again = label(zh.get(kind, kind), f"predict {kind}, take some noise away")
    for x, y, name, size, colour in (
        (0.95, 3.1, label("提示词", "prompt"), "", GREY_BOX),
        (2.75, 3.1, "tokenizer ×2", label(f"{places} 个位置", f"{places} places"), ORANGE),
        *((4.95, 3.55 - 0.9 * i, n, f"{millions[n]} → {places}×{wide[n]}", _PURPLE) for i, n in enumerate(wide)),
        (7.35, 3.1, label("文字的向量", "states"), states, _PURPLE),
        (1.55, 0.95, label("噪声（由 seed 决定）", "noise (from the seed)"), latent, GREY_BOX),
        (5.6, 0.95, f"UNet {millions['unet']}", again, BLUE),
        (8.75, 0.95, f"VAE {label('解码器', 'decoder')}", millions["vae.decoder"], GREEN),
        (10.65, 0.95, label("图", "picture"), f"{height}×{width}×3", GREY_BOX),
    ):
        box = {"boxstyle": "round,pad=0.5", "facecolor": colour + "2e", "edgecolor": colour, "linewidth": 1.3}
        words = f"{name}\n{size}" if size else name
        axis.text(x, y, words, ha="center", va="center", fontsize=SMALL, bbox=box)
    for start, end in _ARROWS:
        axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#555", "lw": 1.3})
    axis.text(7.0, 1.95, label("每一步都看着文字", "at every step"), fontsize=SMALL, color="#555")
    axis.plot([6.15, 6.15, 5.05], [0.58, 0.2, 0.2], color=BLUE, lw=1.6)
    axis.annotate("", (5.05, 0.62), (5.05, 0.185), arrowprops={"arrowstyle": "->", "color": BLUE, "lw": 1.6})
    axis.text(5.6, 0.27, label(f"重复 {steps} 步", f"{steps} times"), ha="center", fontsize=SMALL, color=BLUE)
    axis.text(7.35, 1.12, latent, fontsize=SMALL, color="#555", ha="center")
    words = label("数据流（按已加载的模型画出）：", "data flow of the loaded model: ")
    rows = [{"part": name, "parameters": count} for name, count in counts.items()]
    return Picture(figure, f"{words}{states} → {latent} → {height}×{width}×3", rows)


def _parameters(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
