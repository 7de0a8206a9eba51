"""Check bars, receptive fields, pitches, modes, distances, errors.

Each check has a truth of its own: a formula, the world's program, or the papers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from aigc_kit.teach.checks import check

WRONG = frozenset((1, 2, 4, 6))
"""Statements of exercise f that are wrong, by their numbers: errata E37, E38, E41, E42."""


@check("07", "a", title="小节语法", expects="一个函数 f(lengths, left)：还剩 left 个十六分音符，返回允许的长度列表")
def a(function: Callable[[Sequence[int], int], Sequence[int]]) -> bool | str:
    """Compare with the rule for every remainder of a bar."""
    lengths = (1, 2, 3, 4, 6, 8, 12, 16)
    for left in range(17):
        answer = sorted(function(list(lengths), left))
        if answer == [length for length in lengths if length <= left]:
            continue
        if left == 0 and answer:
            return "小节已经满了，还允许写音符吗？这时只能写什么？"
        if any(length > left for length in answer):
            return f"还剩 {left} 个十六分音符时允许了 {max(answer)}，会撑破小节。"
        return f"还剩 {left} 个十六分音符时，少了一些放得下的长度。正好填满算不算放得下？"
    return True


@check("07", "b", title="感受野", expects="一个函数 f(kernel, dilations)，返回一个输出依赖多少个输入样点")
def b(function: Callable[[int, Sequence[int]], int]) -> bool | str:
    """Compare with layers that are really run."""
    from aigc_kit.teach.labs.lab07.obedience import reach

    for kernel, dilations in ((2, [1]), (2, [1, 2, 4, 8]), (3, [1, 2, 4]), (2, [1, 1, 1]), (4, [5])):

        def layers(wave: np.ndarray, kernel: int = kernel, dilations: Sequence[int] = dilations) -> np.ndarray:
            for gap in dilations:
                padded = np.pad(wave, ((kernel - 1) * gap, 0))
                wave = sum((padded[k * gap :][: len(wave)] for k in range(kernel)), np.zeros(len(wave)))
            return wave

        truth, answer = reach(layers, 64), function(kernel, dilations)
        if answer == truth:
            continue
        if answer == truth - 1:
            return "差 1：别忘了“现在”这个样点自己。"
        if answer == kernel ** len(dilations):
            return "2 的层数次方只在间隔正好是 1、2、4、8…… 时成立。一般的间隔怎么算？"
        return f"kernel = {kernel}、间隔 {dilations} 时实测是 {truth} 的感受野，算出来的不是它。每层往回多看几个样点？"
    return True


@check("07", "c", title="音高到频率", expects="一个函数 f(pitch)，MIDI 音高 → Hz，69 是 440 Hz")
def c(function: Callable[[int], float]) -> bool | str:
    """Compare with equal temperament."""
    for pitch in (69, 81, 57, 60, 61, 21, 108):
        truth, answer = 440 * 2 ** ((pitch - 69) / 12), float(function(pitch))
        if np.isclose(answer, truth, rtol=1e-6):
            continue
        if (
            pitch != 69
            and np.isclose(answer, 440 + (pitch - 69) * (answer - 440) / (pitch - 69), rtol=1e-9)
            and pitch == 81
        ):
            return f"高八度（81）应该正好加倍成 880 Hz，得到 {answer:.1f}。高一个半音是**乘**还是**加**？"
        return f"音高 {pitch} 时得到 {answer:.2f} Hz，不对。12 个半音正好加倍，那么 1 个半音乘多少？"
    return True


@check("07", "d", title="读出五声调式", expects="一个函数 f(pitches)，给一串 MIDI 音高（1 = C），返回 宫商角徵羽 之一")
def d(function: Callable[[Sequence[int]], str]) -> bool | str:
    """Compare with the world's program on composed tunes."""
    from aigc_kit.teach.labs.lab07.obedience import held_tunes

    names = dict(zip(("gong", "shang", "jue", "zhi", "yu"), "宫商角徵羽", strict=True))
    for mode, name in names.items():
        for tune in held_tunes(3, seed=5, mode=mode)[1]:
            pitches = [note.pitch for note in tune.notes if note.pitch is not None]
            answer = function(list(pitches))
            if answer not in names.values():
                return f"返回了 {answer!r}，应该是 宫、商、角、徵、羽 里的一个字。"
            if answer != name:
                return f"一首{name}调式的曲子读成了“{answer}”。五个调式用的是同样五个音，哪一个音说了算？"
    return True


@check(
    "07",
    "e",
    title="一维的 Fréchet 距离",
    expects="一个函数 f(x, y)，两组数，按正态分布算 Fréchet 距离（方差用 ddof=1）",
)
def e(function: Callable[[np.ndarray, np.ndarray], float]) -> bool | str:
    """Compare with the closed form in one dimension."""
    rng = np.random.default_rng(7)
    for shift, scale in ((0.0, 1.0), (2.0, 1.0), (0.0, 3.0), (-1.0, 0.5)):
        x, y = rng.normal(size=200), rng.normal(shift, scale, 300)
        truth = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
        answer = float(function(x, y))
        if np.isclose(answer, truth, rtol=1e-6, atol=1e-9):
            continue
        if np.isclose(answer, np.sqrt(truth), rtol=1e-6):
            return "差一个平方：FID、FAD 报告的是距离的平方，不开根号。"
        if np.isclose(answer, (x.mean() - y.mean()) ** 2, rtol=1e-6):
            return "只比了平均值。两组数平均一样、散开得不一样，也应该有距离。"
        return f"均值差 {shift:g}、标准差比 {scale:g} 时得到 {answer:.4f}，不对。"
    return True


@check("07", "f", title="找出错误的说法", expects="一个集合，写出错误说法的编号，例如 {3, 5}")
def f(numbers: set[int]) -> bool | str:
    """Compare with the papers' own words."""
    chosen = {int(number) for number in numbers}
    if chosen - set(range(1, 9)):
        return "编号只有 1 到 8。"
    extra, missing = chosen - WRONG, WRONG - chosen
    if not extra and not missing:
        return True
    if extra:
        return f"第 {min(extra)} 句其实是对的，去看看它的出处。"
    return f"找到了 {len(chosen)} 句，还差 {len(missing)} 句。谁做的？分数是哪个模型的？分类的标准一样吗？"
