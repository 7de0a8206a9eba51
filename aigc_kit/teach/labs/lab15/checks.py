"""Check fidelity, consistency, a file, SI-SDR, LoRA's count, ways.

Each check recomputes the truth by a way of its own.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check
from aigc_kit.teach.show.claims import WAYS, errata

ASKED = ("E14", "E37", "E51", "E60", "E65", "E73")
"""Errata whose ways exercise f asks for."""


@check("15", "a", title="读回多少", expects="一个函数 f(读到的, 事实)，两个都是 {属性: 值} 的字典，返回比例，或 None")
def a(function: Callable[[Mapping[str, str], Mapping[str, str]], float | None]) -> bool | str:
    """Try full, half, wrong, more than asked, and nothing sayable."""
    facts = {"subject": "cat", "light": "night"}
    if function({}, {}) is not None:
        return "一件事实也没有的时候，不是 0，也不是 1：量不出，返回 None。"
    faults = {
        "全都读到应当是 1。": (facts, 1.0),
        "读到一半应当是 0.5。": ({"subject": "cat"}, 0.5),
        "读到的值不对，不能算。": ({"subject": "dog", "light": "day"}, 0.0),
        "读图器多读出来的东西，提示词没有问，不进分母。": ({**facts, "colour": "red", "scene": "sea"}, 1.0),
    }
    for words, (read, truth) in faults.items():
        value = function(read, facts)
        if value is None or not np.isclose(float(value), truth):
            return words
    return True


@check("15", "b", title="两两一致", expects="一个函数 f(列表)，每种模态一个 {属性: 值} 的字典，返回比例，或 None")
def b(function: Callable[[Sequence[Mapping[str, str]]], float | None]) -> bool | str:
    """Count pairs of media and attributes that both name."""
    cases: tuple[tuple[list[dict[str, str]], float, str], ...] = (
        ([{"light": "night"}, {"light": "night"}], 1.0, "两种模态都说夜晚，是 1。"),
        ([{"light": "night"}, {"light": "day"}], 0.0, "一个说夜晚，一个说白天，是 0。"),
        ([{"light": "night", "colour": "red"}, {"light": "night"}], 1.0, "只有一种模态说得了的，不成对，不算。"),
        ([{"light": "night"}, {"light": "night"}, {"light": "day"}], 1 / 3, "三种模态有三对，只有一对一样。"),
    )
    if function([{"light": "night"}]) is not None:
        return "只有一种模态，没有对，返回 None。"
    for readings, truth, words in cases:
        value = function(readings)
        if value is None or not np.isclose(float(value), truth):
            return words
    return True


@check("15", "c", title="断电也不坏", expects="一个函数 f(路径, 一块一块的字节)，把它们写成一个文件")
def c(function: Callable[[Path, Any], object]) -> bool | str:
    """Break off in the middle, and look what is left."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.json"
        path.write_bytes(b"old and whole")

        def pieces() -> Any:
            yield b"new, "
            if path.read_bytes() != b"old and whole":
                raise AssertionError("opened")
            raise KeyboardInterrupt

        try:
            function(path, pieces())
        except KeyboardInterrupt:
            pass
        except AssertionError:
            return "写到一半的时候，旧文件已经没了。先写到另一个名字，写完再换过来。"
        if path.read_bytes() != b"old and whole":
            return "中途断了，旧文件应当原样还在。"
        function(path, iter([b"new, ", b"and whole"]))
        if path.read_bytes() != b"new, and whole":
            return "没有断的时候，文件里应当是全部的字节。"
        left = [each.name for each in Path(folder).iterdir() if each != path]
        return not any("new" in name for name in left) or "多出了文件。"


@check("15", "d", title="SI-SDR", expects="一个函数 f(声音, 参照)，两个一样长的数组，返回分贝")
def d(function: Callable[[np.ndarray, np.ndarray], float]) -> bool | str:
    """Build distortion at right angles, of a known ratio."""
    rng = np.random.default_rng(15)
    reference = rng.normal(size=4000)
    noise = rng.normal(size=4000)
    noise -= (noise @ reference) / (reference @ reference) * reference
    noise *= np.sqrt((reference @ reference) / (noise @ noise)) / 10
    for gain in (1.0, 0.2, 3.0):
        value = float(function(gain * (reference + noise), reference))
        if np.isclose(value, 20, atol=0.05):
            continue
        if np.isclose(value, 10, atol=0.05):
            return "应当是 20 dB：能量之比取 10·log10，你是不是用了振幅？"
        return f"放大 {gain} 倍以后应当还是 20 dB，你的是 {value:.1f}。先把参照缩放到最接近，再减。"
    return True


@check("15", "e", title="LoRA 有多少参数", expects="一个函数 f(层数, 宽度, r)，q 和 v 两个方阵，返回参数个数")
def e(function: Callable[[int, int, int], int]) -> bool | str:
    """Count the entries of the two factors."""
    for layers, width, rank in ((32, 4096, 8), (6, 192, 4), (1, 10, 1)):
        factors = [(width, rank), (rank, width)] * 2
        truth = layers * sum(rows * columns for rows, columns in factors)
        value = function(layers, width, rank)
        if value == truth:
            continue
        if value * 2 == truth:
            return "少了一半：q 和 v 是两个矩阵，每个矩阵都有 A、B 两块。"
        return f"{layers} 层、宽 {width}、r = {rank} 时应当是 {truth:,}。一块是 宽 × r，另一块是 r × 宽。"
    return True


@check("15", "f", title="怎么查", expects=f"一个字典，{'、'.join(ASKED)} 各是 'arithmetic'、'source' 还是 'run'")
def f(ways: Mapping[str, str]) -> bool | str:
    """Compare with how the audit settled them."""
    truth = {each.id: each.way for each in errata()}
    if missing := [name for name in ASKED if name not in ways]:
        return f"还差 {'、'.join(missing)}。"
    if odd := [name for name in ASKED if ways[name] not in WAYS]:
        return f"{odd[0]} 写 'arithmetic'、'source' 或 'run'。"
    wrong = [name for name in ASKED if ways[name] != truth[name]]
    if wrong:
        return f"{wrong[0]} 再想想：几个数一除就知道？翻出处才知道？还是跑了才知道？（一共错 {len(wrong)} 个）"
    return True
