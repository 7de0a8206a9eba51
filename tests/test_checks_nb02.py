"""The checks of labs 02a and 02b: right answers pass, each typical mistake gets its own hint."""

import numpy as np
import pytest

from aigc_kit.teach.labs.lab02a import checks
from aigc_kit.teach.labs.lab02b import checks as memory


def clean(mixture, noise, share):
    return (mixture - (1 - share) ** 0.5 * noise) / share**0.5


def test_a_accepts_the_formula_solved_for_x0():
    assert checks.a(clean)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda x, n, a: (x - (1 - a) * n) / a, "功率"),
        (lambda x, n, a: x - (1 - a) ** 0.5 * n, "乘着什么"),
        (lambda x, n, a: clean(x, n, a)[:2], "形状"),
        (lambda x, n, a: a**0.5 * x + (1 - a) ** 0.5 * n, "移项"),
    ],
)
def test_a_refuses(wrong, hint):
    result = checks.a(wrong)
    assert not result
    assert hint in result.hint


def picture(prompt, seed):
    return np.random.default_rng([len(prompt), seed]).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def strip(prompt, seeds):
    return np.concatenate([picture(prompt, seed) for seed in seeds], axis=1)


def test_b_accepts_a_strip_of_seeds():
    assert checks.b(strip)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda p, s: strip(p, s)[None], "接成一张"),
        (lambda p, s: np.concatenate([picture(p, seed) for seed in s], axis=0), "两倍"),
        (lambda p, s: strip(p, [0, 0]), "没有用上"),
        (lambda p, s: np.random.default_rng().integers(0, 256, (8, 16, 3), dtype=np.uint8), "换了次序"),
        (lambda p, s: strip("", s), "换了提示词"),
    ],
)
def test_b_refuses(wrong, hint):
    result = checks.b(wrong)
    assert not result
    assert hint in result.hint


def test_c_accepts_six_parts_that_fit():
    assert checks.c(
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
def test_c_refuses(wrong, hint):
    result = checks.c(wrong)
    assert not result
    assert hint in result.hint


def both(mixture, velocity, share):
    signal, rest = share**0.5, (1 - share) ** 0.5
    return signal * mixture - rest * velocity, rest * mixture + signal * velocity


def test_d_accepts_the_two_equations_solved():
    assert checks.d(both)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda x, v, a: both(x, v, a)[::-1], "次序"),
        (lambda x, v, a: both(x, v, a)[0], "两样东西"),
        (lambda x, v, a: (x, v), "两个方程"),
    ],
)
def test_d_refuses(wrong, hint):
    result = checks.d(wrong)
    assert not result
    assert hint in result.hint


def test_d_hints_at_a_division_by_zero():
    def divided(mixture, velocity, share):
        clean, noise = both(mixture, velocity, share)
        return (clean, noise) if share else (clean / np.float64(share or np.nan), noise)

    assert "除以了零" in checks.d(divided).hint


def test_e_asks_for_four_attributes():
    result = checks.e("一只小猫，在海边")
    assert not result
    assert "2 个属性" in result.hint


NUMBERS = 7_000_000


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(memory, "_numbers_in_the_files", lambda: NUMBERS)


@pytest.mark.parametrize("width", [2, 4])
def test_memory_a_accepts_a_peak_above_the_weights(counted, width):
    assert memory.a(int(width * NUMBERS * 1.3), width * NUMBERS)


@pytest.mark.parametrize(
    ("peak", "resident", "hint"),
    [
        (28_000_000, 28_000_000, "调用结束之后"),
        (28_000_000, 36_000_000, "次序"),
        (900_000_000, 400_000_000, "RSS"),
        (2_000_000_000, 28_000_000, "五十倍"),
    ],
)
def test_memory_a_refuses(counted, peak, resident, hint):
    result = memory.a(peak, resident)
    assert not result
    assert hint in result.hint


def test_memory_a_counts_the_numbers_of_the_weight_files(tmp_path, monkeypatch):
    from safetensors.numpy import save_file

    from aigc_kit.models import loaded

    (tmp_path / "unet").mkdir()
    save_file({"a": np.zeros((3, 5), np.float16)}, tmp_path / "one.safetensors")
    save_file({"b": np.zeros(7, np.float16), "c": np.zeros((2, 1), np.float32)}, tmp_path / "unet" / "x.safetensors")
    monkeypatch.setattr(loaded, "on_disk", lambda card: tmp_path)
    monkeypatch.setattr("aigc_kit.make.image.plan_for", lambda prompt: type("Plan", (), {"card": None}))
    assert memory._numbers_in_the_files() == 15 + 7 + 2


ROW = {"weights": 28_000_000, "peak": 35_000_000, "seconds": 1.0, "how": "measured"}
FOUR = {**ROW, "peak": 56_000_000, "seconds": 3.0}


def test_memory_b_accepts_a_complete_table():
    assert memory.b({"1": ROW, "4": FOUR}) and memory.b({1: ROW, 4: FOUR})


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ({"1": ROW}, "少了"),
        ({"1": {**ROW, "seconds": ...}, "4": FOUR}, "用时"),
        ({"1": {**ROW, "how": "感觉"}, "4": FOUR}, "来历"),
        ({"1": {**ROW, "peak": 1}, "4": FOUR}, "比权重还小"),
        ({"1": ROW, "4": {**FOUR, "weights": 112_000_000, "peak": 140_000_000}}, "四遍"),
        ({"1": ROW, "4": ROW}, "同一次运行"),
        ({"1": ROW, "4": {**FOUR, "peak": 140_000_000}}, "离谱"),
    ],
)
def test_memory_b_refuses(table, hint):
    result = memory.b(table)
    assert not result
    assert hint in result.hint


def test_memory_c_wants_the_first_placement_that_fits():
    from aigc_kit.core.units import GIB
    from aigc_kit.memory.footprint import cached, predict

    facts = cached("sdxl", 1024, 1024, dtype="float32")
    fits = [name for name in memory.PLACEMENTS if predict(facts, name).interval[1] <= 10.8 * GIB]
    assert fits == ["group", "sequential"]
    assert memory.c("group")
    assert "更快" in memory.c("sequential").hint and "再省" in memory.c("model").hint and "四种" in memory.c("gpu").hint


def test_clips_tokenizer_of_the_library_counts_as_the_kit_does():
    from aigc_kit import prompts

    for one in prompts.course_prompts():
        assert checks._clip_tokens(one.en) == prompts.budget(one.en).used
