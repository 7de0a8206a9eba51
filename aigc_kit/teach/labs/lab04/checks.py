"""Check frames, sizes, pixels, guidance, and a whole file.

Each check has a truth of its own: the library's arithmetic, divisibility, Python's rounding, the formula, or what is
read back from the file.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.teach.checks import check

if TYPE_CHECKING:
    from aigc_kit.media.encode import Probe

FRAMES, FPS = 17, 8
ALLOWED_OFF = 1  # grey level by which a rounding may differ


@check("04", "a", title="4k+1 帧", expects="一个函数 f(n)，n 是想要的帧数，返回 Wan 真正会生成的帧数")
def a(function: Callable[[int], int]) -> bool | str:
    """Count as WanPipeline: a multiple of 4, and one more.

    Source: diffusers 0.42.1, WanPipeline.__call__ (frames that are 4k+1 stay).
    """
    for wish in (16, 12, 8, 6, 17, 81, 5, 1, 19, 20):
        count, truth = function(wish), wish if wish % 4 == 1 else wish // 4 * 4 + 1
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)):
            return f"想要 {wish} 帧时返回了 {count!r}，应该是一个整数。"
        if count % 4 != 1:
            return f"想要 {wish} 帧时返回了 {count}，它不是 4k+1：{count} 除以 4 余 {count % 4}。"
        if count != truth:
            return f"想要 {wish} 帧时返回了 {count}，课程的代码会得到 {truth}。看看 4.1 里库的那一行。"
    return True


@check("04", "b", title="能被 16 整除", expects="一个函数 f(h, w)，返回 (高, 宽)，都是 16 的倍数，离原来最近")
def b(function: Callable[[int, int], tuple[int, int]]) -> bool | str:
    """Ask for the nearest multiples of 16, at least 16."""
    for height, width in ((480, 832), (500, 800), (720, 1280), (333, 517), (10, 40), (250, 450)):
        size = function(height, width)
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            return f"{height}×{width} 时返回了 {size!r}，应该是两个数 (高, 宽)。"
        for name, before, after in zip(("高", "宽"), (height, width), size, strict=True):
            if int(after) != after or after % 16 or after < 16:
                return f"{height}×{width} 的{name}变成了 {after}，它不能被 16 整除（至少是 16）。"
            if abs(after - before) > 8 and before >= 16:
                return f"{height}×{width} 的{name} {before} 变成了 {after}，还有更近的。"
    return True


@check("04", "c", title="不是黑的", expects="一个函数 f(x)，x 是 [0, 1] 的浮点帧 (T, H, W, 3)，返回 uint8 帧")
def c(function: Callable[[np.ndarray], np.ndarray]) -> bool | str:
    """Compare with round(255 x), some values outside of [0, 1]."""
    rng = np.random.default_rng(4)
    frames = rng.uniform(0, 1, (3, 4, 5, 3)).astype(np.float32)
    frames[0, 0, 0] = (0.0, 0.5, 1.0)
    frames[1, 1, 1] = (-0.004, 1.004, 0.9999)
    before = frames.copy()
    pixels = np.asarray(function(frames))
    if not np.array_equal(frames, before):
        return "你的函数改动了传进来的数组。先算出新的数组，再返回。"
    if pixels.dtype != np.uint8 or pixels.shape != frames.shape:
        return f"返回的是 {pixels.dtype} {pixels.shape}，应该是 uint8 {frames.shape}。"
    return _pixels_hint(pixels, frames) or True


def _pixels_hint(pixels: np.ndarray, frames: np.ndarray) -> str:
    """Say what is wrong with the numbers, or nothing."""
    if pixels.max() <= 1:
        return "画面全黑：最大的值只有 1。浮点的 0.5 直接变成整数是多少（E51）？"
    truth = np.array([min(255, max(0, round(255 * float(value)))) for value in frames.ravel()]).reshape(frames.shape)
    apart = np.abs(pixels.astype(int) - truth)
    if apart[1, 1, 1].max() > ALLOWED_OFF:
        return "比 0 小一点、比 1 大一点的值出了错：uint8 装不下，会绕回去。转换之前要做什么？"
    if apart.max() > ALLOWED_OFF:
        return "有的像素不对：乘以多少？"
    if (pixels.astype(int) < truth).mean() > 0.2:
        return "差一点：小数部分被直接砍掉了，平均暗半级。先取整再转换。"
    return ""


@check("04", "d", title="分类器自由引导", expects="一个函数 f(cond, uncond, s)，返回引导后的预测（数组）")
def d(function: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Compare with uncond + s (cond - uncond)."""
    rng = np.random.default_rng(5)
    cond, uncond = rng.normal(size=(2, 3, 4))
    for scale in (1.0, 0.0, 3.0, 6.0, 9.0):
        guide = np.asarray(function(cond.copy(), uncond.copy(), scale), float)
        if guide.shape != cond.shape:
            return f"返回的形状是 {guide.shape}，应该和输入一样是 {cond.shape}。"
        truth = [u + scale * (k - u) for k, u in zip(cond.ravel().tolist(), uncond.ravel().tolist(), strict=True)]
        if not np.allclose(guide.ravel(), truth):
            if scale == 1.0:
                return "s = 1 时应该正好是有提示词的预测。从哪一个出发，朝哪个方向走？"
            return f"s = {scale:g} 时不对。s = 0 应该得到什么，s 越大离谁越远？"
    return True


@check("04", "e", title="一个能播放的文件", expects=f"你写的 MP4 的路径：{FRAMES} 帧，每秒 {FPS} 帧，64×64 以上")
def e(path: Any) -> bool | str:
    """Read everything back from the file itself."""
    from aigc_kit.media import encode

    if not isinstance(path, str | os.PathLike):
        return f"收到的是 {type(path).__name__}，应该是文件的路径。"
    if not Path(path).is_file():
        return f"没有文件 {Path(path).name}。先写出来，再检查。"
    try:
        facts = encode.probe(path)
    except Exception as problem:
        return f"这个文件读不出画面：{str(problem).splitlines()[0]}"
    return _file_hint(facts) or _motion_hint(np.stack(list(encode.read_frames(path)))) or True


def _file_hint(facts: "Probe") -> str:
    """Say what is wrong with the file, or nothing."""
    if facts.codec != "h264" or facts.pixel_format != "yuv420p":
        return f"编码是 {facts.codec} / {facts.pixel_format}，浏览器要 h264 / yuv420p。"
    if min(facts.width, facts.height) < 64:
        return f"画面只有 {facts.width}×{facts.height}。"
    if facts.frames != FRAMES:
        return f"文件里有 {facts.frames} 帧，应该是 {FRAMES} 帧。"
    if facts.fps != FPS:
        return f"帧率是 {float(facts.fps):g}，应该是 {FPS}。{facts.frames} 帧会播放 {facts.seconds:.2f} 秒。"
    return ""


def _motion_hint(frames: np.ndarray) -> str:
    """Say what is wrong with the pictures, or nothing."""
    if frames.max() < 16:
        return "画面是黑的（E51）。写进去的是浮点还是 uint8？"
    moves = np.abs(np.diff(frames.astype(int), axis=0)).mean() > 0.05
    return "" if moves else "每一帧都一样，没有动。"
