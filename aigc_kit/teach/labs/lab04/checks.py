"""Check frames, sizes, pixels, noise, and a whole file.

Each check has a truth of its own: a search, divisibility, Python's rounding, the noise that was mixed in, or what is
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


@check("04", "a", title="够长的 4k+1 帧", expects="一个函数 f(seconds, fps)，返回放得满 seconds 秒的最少帧数")
def a(function: Callable[[float, int], int]) -> bool | str:
    """Count the fewest frames, 4k+1, that last long enough."""
    for seconds, fps in ((1, 16), (5, 16), (2, 8), (1.5, 24), (0.5, 16), (3, 10), (1.0625, 16), (0.01, 8)):
        wish = f"每秒 {fps} 帧、放满 {seconds:g} 秒"
        count, truth = function(seconds, fps), next(n for n in range(1, 999, 4) if n / fps >= seconds)
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)):
            return f"{wish}时返回了 {count!r}，应该是一个整数。"
        if count % 4 != 1:
            return f"{wish}时返回了 {count}，它不是 4k+1：{count} 除以 4 余 {count % 4}。"
        if count < truth:
            return f"{wish}时返回了 {count}：只够放 {count / fps:.2f} 秒，短了。"
        if count > truth:
            return f"{wish}时返回了 {count}：够长，但还有更少的 4k+1。"
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
        return "画面全黑：最大的值只有 1。浮点的 0.5 直接变成整数是多少？"
    truth = np.array([min(255, max(0, round(255 * float(value)))) for value in frames.ravel()]).reshape(frames.shape)
    apart = np.abs(pixels.astype(int) - truth)
    if apart[1, 1, 1].max() > ALLOWED_OFF:
        return "比 0 小一点、比 1 大一点的值出了错：uint8 装不下，会绕回去。转换之前要做什么？"
    if apart.max() > ALLOWED_OFF:
        return "有的像素不对：乘以多少？"
    if (pixels.astype(int) < truth).mean() > 0.2:
        return "差一点：小数部分被直接砍掉了，平均暗半级。先取整再转换。"
    return ""


@check("04", "d", title="找回噪声", expects="一个函数 f(x, v, sigma)，返回这一步混在里面的噪声 n（数组）")
def d(function: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Compare with the noise that was mixed in."""
    rng = np.random.default_rng(5)
    clean, noise = rng.normal(size=(2, 3, 4))
    for sigma in (1.0, 0.0, 0.25, 0.5, 0.9):
        x, v = (1 - sigma) * clean + sigma * noise, noise - clean
        answer = np.asarray(function(x.copy(), v.copy(), sigma), float)
        if answer.shape != noise.shape:
            return f"返回的形状是 {answer.shape}，应该和输入一样是 {noise.shape}。"
        if np.allclose(answer, noise):
            continue
        if np.allclose(answer, clean):
            return "这是干净的短片 x₀，不是噪声。从 x 出发，朝哪个方向走到 σ = 1？"
        if sigma == 1.0:
            return "σ = 1 时 x 本身就是噪声，应该原样返回。"
        return f"σ = {sigma:g} 时不对。从 σ 走到 1，一共要走多长的一段？"
    return True


@check("04", "e", title="一个能播放的文件", expects=f"你写的 MP4 的路径：{FRAMES} 帧，每秒 {FPS} 帧，64×64 以上")
def e(path: Any) -> bool | str:
    """Read everything back from the file itself."""
    from aigc_kit.core.errors import AigcError
    from aigc_kit.media import encode

    if not isinstance(path, str | os.PathLike):
        return f"收到的是 {type(path).__name__}，应该是文件的路径。"
    if not Path(path).is_file():
        return f"没有文件 {Path(path).name}。先写出来，再检查。"
    try:
        facts = encode.probe(path)
    except Exception as problem:
        why = problem.told.found.zh if isinstance(problem, AigcError) else str(problem).splitlines()[0]
        return f"这个文件读不出画面：{why}"
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
        return "画面是黑的。写进去的是浮点还是 uint8？"
    moves = np.abs(np.diff(frames.astype(int), axis=0)).mean() > 0.05
    return "" if moves else "每一帧都一样，没有动。"
