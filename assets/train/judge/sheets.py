"""Sheets to look at: every item with its name and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .items import Item

SHOWN = 5  # frames of a clip, at equal distances, as many as its reader sees
ZOOM = {3: 2, 4: 2}  # dimensions of the pixels -> how many times as large
ACROSS = {3: 5, 4: 2}  # items side by side
DOWN = {3: 4, 4: 6}
MARGIN, LINE = 8, 16  # pixels around an item; of its name


def strip(pixels: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of a picture, or (H, SHOWN * W, 3) of a clip."""
    if pixels.ndim == 3:
        return pixels
    places = np.linspace(0, len(pixels) - 1, SHOWN).round().astype(int)
    return np.concatenate(list(pixels[places]), 1)


def sheet(items: Sequence[Item]) -> Image.Image:
    """One page of items, in their order."""
    kind = items[0].pixels.ndim
    zoom, across = ZOOM[kind], ACROSS[kind]
    views = [Image.fromarray(strip(item.pixels)) for item in items]
    views = [view.resize((view.width * zoom, view.height * zoom), Image.Resampling.LANCZOS) for view in views]
    wide, high = (max(side) + MARGIN for side in zip(*(view.size for view in views), strict=True))
    high += LINE
    page = Image.new("RGB", (across * wide + MARGIN, -(-len(views) // across) * high + MARGIN), "white")
    pen = ImageDraw.Draw(page)
    for k, (item, view) in enumerate(zip(items, views, strict=True)):
        x, y = MARGIN + (k % across) * wide, MARGIN + (k // across) * high
        page.paste(view, (x, y))
        pen.text((x, y + view.height + 1), item.name, fill="black", font_size=14)
    return page


def write(folder: Path, items: Sequence[Item]) -> list[Path]:
    """Write all pages as sheet-01.png and on."""
    kind = items[0].pixels.ndim
    each, files = ACROSS[kind] * DOWN[kind], []
    for k in range(0, len(items), each):
        files.append(folder / f"sheet-{k // each + 1:02d}.png")
        sheet(items[k : k + each]).save(files[-1])
    return files
