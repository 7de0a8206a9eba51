"""Count what a LoRA trains, and what is forgotten."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.units import format_bytes
from aigc_kit.teach.labs.lab06 import reader
from aigc_kit.teach.show.markup import Html, table
from aigc_kit.worlds.tinyworld import checker
from aigc_kit.worlds.tinyworld.spec import Spec

OLD = (
    ("一只红色的小狗，在森林里", "puppy"),
    ("一只橙色的小猫，在城市里", "cat"),
    ("一位蓝色的法师，在月球上", "wizard"),
    ("一朵粉色的花朵，在海边", "flower"),
    ("一个紫色的甜甜圈，在纯色背景上", "donut"),
    ("一个绿色的咖啡杯，在花丛里", "cup"),
    ("一颗红色的爱心，在海边", "heart"),
    ("一颗黄色的五角星，在森林里", "star"),
    ("一条蓝色的小鱼，在纯色背景上", "fish"),
    ("一个橙色的圆球，在城市里", "ball"),
    ("一个绿色的方块，在月球上", "square"),
    ("一个紫色的三角形，在花丛里", "triangle"),
)
"""A prompt of each old subject, for what is forgotten."""


def lora_table(pipe: Any, name: str, most: int = 6) -> Html:
    """List a LoRA's layers: shape, rank, numbers trained.

    Rows: {"layer", "shape", "full", "trained"} of each layer; the first `most` are shown.
    """
    parts = {key: value for key, value in pipe.unet.named_parameters() if f".{name}." in key}
    rows = []
    for key, low in parts.items():
        if ".lora_A." not in key:
            continue
        high = parts[key.replace(".lora_A.", ".lora_B.")]
        layer = key.split(".lora_A.")[0]
        full = pipe.unet.get_submodule(layer).base_layer.weight
        rows.append(
            {"layer": layer, "shape": tuple(full.shape), "full": full.numel(), "trained": low.numel() + high.numel()}
        )
    whole, trained = sum(row["full"] for row in rows), sum(row["trained"] for row in rows)
    lines = [(row["layer"], str(row["shape"]), f"{row['full']:,}", f"{row['trained']:,}") for row in rows[:most]]
    lines += [(f"……共 {len(rows)} 层", "", f"{whole:,}", f"{trained:,}")]
    words = (
        f"LoRA 训练 {trained:,} 个数，是这些层的 {trained / whole:.1%}；float16 存成文件约 {format_bytes(2 * trained)}"
    )
    return table(lines, ("层", "权重的形状", "原来有多少个数", "LoRA 训练多少个"), words, rows)


def remembered(pictures: np.ndarray) -> tuple[int, int]:
    """Count old subjects that the reader still finds.

    Args:
        pictures: of the prompts of `OLD`, in order.

    Returns:
        hits, of how many.
    """
    marks = [
        checker.matches(reading, Spec(subject=subject))["subject"]
        for reading, (_, subject) in zip(checker.read(pictures), OLD, strict=True)
    ]
    return sum(marks), len(marks)


def styles(pictures: Mapping[str, np.ndarray], names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Count in how many pictures the reader says a style.

    Args:
        pictures: title -> uint8 (N, H, W, 3).
        names: the style asked for, one of each title.

    Returns:
        title -> (hits, of how many).
    """
    counts = {}
    for (title, pages), name in zip(pictures.items(), names, strict=True):
        counts[title] = (sum(seen.style == name for seen in reader.read(pages)), len(pages))
    return counts
