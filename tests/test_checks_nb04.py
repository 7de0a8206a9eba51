"""Lab 04's checks: right answers pass, each typical mistake gets its own hint."""

import math

import numpy as np
import pytest

from aigc_kit.media import encode
from aigc_kit.teach.labs.lab04 import checks
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film


def test_a_accepts_a_closed_form():
    assert checks.a(lambda seconds, fps: -(-(math.ceil(seconds * fps) - 1) // 4) * 4 + 1)


@pytest.mark.parametrize(("wrong", "hint"), [
    (lambda s, fps: round(s * fps), "不是 4k+1"), (lambda s, fps: int(s * fps) // 4 * 4 + 1, "短了|更少"),
    (lambda s, fps: 17.0, "整数"), (lambda s, fps: 81, "更少"), (lambda s, fps: 17, "短了|更少"),
    (lambda s, fps: True, "整数"),
    (lambda s, fps: math.ceil(s * fps / 4) * 4 + 1, "更少"),
])  # fmt: skip
def test_a_refuses(wrong, hint):
    assert any(part in checks.a(wrong).hint for part in hint.split("|"))


def test_b_accepts_the_nearest():
    assert checks.b(lambda h, w: tuple(max(16, int(x / 16 + 0.5) * 16) for x in (h, w)))


@pytest.mark.parametrize(("wrong", "hint"), [
    (lambda h, w: (h, w), "整除"), (lambda h, w: (h // 16 * 16, w // 16 * 16), "更近|整除"),
    (lambda h, w: 480, "两个数"), (lambda h, w: (480, 832), "更近"),
])  # fmt: skip
def test_b_refuses(wrong, hint):
    assert any(part in checks.b(wrong).hint for part in hint.split("|"))


def test_c_accepts_clip_then_round():
    assert checks.c(lambda x: (x * 255).round().clip(0, 255).astype(np.uint8))


def in_place(x):
    x *= 255
    return x.round().clip(0, 255).astype(np.uint8)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("wrong", "hint"), [
    (lambda x: x.astype(np.uint8), "全黑"), (lambda x: x * 255, "uint8"), (in_place, "改动了"),
    (lambda x: (x * 255).round().astype(np.int64).astype(np.uint8), "绕回去"),
    (lambda x: (x * 128).clip(0, 255).astype(np.uint8), "乘以多少|绕回去"),
    (lambda x: np.floor((x * 255).clip(0, 255)).astype(np.uint8), "砍掉"),
])  # fmt: skip
def test_c_refuses(wrong, hint):
    assert any(part in checks.c(wrong).hint for part in hint.split("|"))


def test_d_accepts_the_formula():
    assert checks.d(lambda x, v, sigma: x + (1 - sigma) * v)


@pytest.mark.parametrize(("wrong", "hint"), [
    (lambda x, v, sigma: x - sigma * v, "不是噪声|原样"), (lambda x, v, sigma: x, "不是噪声"),
    (lambda x, v, sigma: x + (1 - sigma) ** 2 * v, "多长|不是噪声"),
    (lambda x, v, sigma: x + sigma * v, "原样"), (lambda x, v, sigma: x.sum(), "形状"),
])  # fmt: skip
def test_d_refuses(wrong, hint):
    assert any(part in checks.d(wrong).hint for part in hint.split("|"))


@pytest.fixture(scope="module")
def clip():
    return film(ClipSpec("star", "yellow", "moon", "night", "up"), 17, 64, 64, seed=1)


def written(path, frames, fps):
    encode.mp4(path, frames, fps)
    return path


def test_e_accepts_a_whole_clip(clip, tmp_path):
    assert checks.e(written(tmp_path / "a.mp4", clip, 8))
    assert checks.e(str(tmp_path / "a.mp4"))


def test_e_refuses(clip, tmp_path):
    assert "帧率是 24" in checks.e(written(tmp_path / "b.mp4", clip, 24)).hint
    assert "16 帧" in checks.e(written(tmp_path / "c.mp4", clip[:16], 8)).hint
    assert "黑" in checks.e(written(tmp_path / "d.mp4", clip // 255, 8)).hint
    assert "没有动" in checks.e(written(tmp_path / "e.mp4", np.repeat(clip[:1], 17, 0), 8)).hint
    assert "没有文件" in checks.e(tmp_path / "none.mp4").hint
    assert "路径" in checks.e(clip).hint
    (tmp_path / "f.mp4").write_bytes(b"no film")
    assert "读不出" in checks.e(tmp_path / "f.mp4").hint
    assert "h264" in checks.e(written_gif(tmp_path / "g.gif", clip)).hint


def written_gif(path, clip):
    encode.gif(path, clip, 8)
    return path
