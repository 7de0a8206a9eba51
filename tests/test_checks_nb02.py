"""Lab 02's checks: right answers pass, each typical mistake gets its own hint."""

import numpy as np
import pytest

from aigc_kit.teach.labs.lab02 import checks


def noised(x0, noise, share):
    return share**0.5 * x0 + (1 - share) ** 0.5 * noise


def test_a_accepts_the_formula():
    assert checks.a(noised)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda x, n, a: a * x + (1 - a) * n, "功率"),
        (lambda x, n, a: noised(x, n, a)[:2], "形状"),
        (lambda x, n, a: noised(n, x, a), "x0 本身"),
        (lambda x, n, a: a**0.5 * x + (1 - a**0.5) * n, "平方"),
    ],
)
def test_a_refuses(wrong, hint):
    result = checks.a(wrong)
    assert not result
    assert hint in result.hint


NUMBERS = 7_000_000


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(checks, "_numbers_in_the_files", lambda: NUMBERS)


@pytest.mark.parametrize("width", [2, 4])
def test_b_accepts_a_peak_above_the_weights(counted, width):
    assert checks.b(int(width * NUMBERS * 1.3), width * NUMBERS)


@pytest.mark.parametrize(
    ("peak", "resident", "hint"),
    [
        (28_000_000, 28_000_000, "E8"),
        (28_000_000, 36_000_000, "次序"),
        (900_000_000, 400_000_000, "RSS"),
        (2_000_000_000, 28_000_000, "五十倍"),
    ],
)
def test_b_refuses(counted, peak, resident, hint):
    result = checks.b(peak, resident)
    assert not result
    assert hint in result.hint


def test_b_counts_the_numbers_of_the_weight_files(tmp_path, monkeypatch):
    from safetensors.numpy import save_file

    from aigc_kit.models import loaded

    (tmp_path / "unet").mkdir()
    save_file({"a": np.zeros((3, 5), np.float16)}, tmp_path / "one.safetensors")
    save_file({"b": np.zeros(7, np.float16), "c": np.zeros((2, 1), np.float32)}, tmp_path / "unet" / "x.safetensors")
    monkeypatch.setattr(loaded, "on_disk", lambda card: tmp_path)
    monkeypatch.setattr("aigc_kit.make.image.plan_for", lambda prompt: type("Plan", (), {"card": None}))
    assert checks._numbers_in_the_files() == 15 + 7 + 2


def picture(prompt, seed):
    return np.random.default_rng([len(prompt), seed]).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def test_c_accepts_a_seeded_picture():
    assert checks.c(picture)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda p, s: picture(p, s)[None], "怎样取出"),
        (lambda p, s: np.random.default_rng().integers(0, 256, (8, 8, 3), dtype=np.uint8), "两次的图"),
        (lambda p, s: picture(p, 0), "没有用上"),
        (lambda p, s: picture("", s), "换了提示词"),
    ],
)
def test_c_refuses(wrong, hint):
    result = checks.c(wrong)
    assert not result
    assert hint in result.hint


def test_d_accepts_six_parts_that_fit():
    assert checks.d(
        "a cat, smiling and running, in a forest, at sunset with soft light, oil painting style, 8k, wide angle"
    )


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("一只猫，微笑，森林，日落，油画，8k", "汉字"),
        ("a cat, 8k", "太短"),
        ("a cat " * 60, "超过"),
        (", ".join(["a very fluffy cat"] * 8), "没有认出"),
        ("", "一句话"),
    ],
)
def test_d_refuses(wrong, hint):
    result = checks.d(wrong)
    assert not result
    assert hint in result.hint


ROW = {"weights": 28_000_000, "peak": 35_000_000, "seconds": 1.0, "how": "measured"}
HALF = {**ROW, "weights": 14_000_000, "peak": 17_000_000}


def test_e_accepts_a_complete_table():
    assert checks.e({"FP32": ROW, "FP16": HALF})


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ({"FP32": ROW}, "少了 FP16"),
        ({"FP32": {**ROW, "seconds": ...}, "FP16": HALF}, "用时"),
        ({"FP32": {**ROW, "how": "感觉"}, "FP16": HALF}, "来历"),
        ({"FP32": {**ROW, "peak": 1}, "FP16": HALF}, "比权重还小"),
        ({"FP32": HALF, "FP16": ROW}, "填反"),
    ],
)
def test_e_refuses(table, hint):
    result = checks.e(table)
    assert not result
    assert hint in result.hint


def test_f_asks_for_four_attributes():
    result = checks.f("一只小猫，在海边")
    assert not result
    assert "2 个属性" in result.hint


def test_clips_tokenizer_of_the_library_counts_as_the_kit_does():
    from aigc_kit import prompts

    for one in prompts.course_prompts():
        assert checks._clip_tokens(one.en) == prompts.budget(one.en).used
