"""Compute and draw figures of an article on quanta.

Every number comes from a state vector that is worked out here, none from a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.fonts import label
from aigc_kit.teach.show.plots import BLUE, GREY, SMALL, WIDEST, Picture, canvas


@dataclass(frozen=True)
class Chart:
    """Hold an explanatory figure as numbers.

    Args:
        title, across, up: in both languages.
        x, y: of the curve.
        source: by what it was computed.
    """

    title: Words
    across: Words
    up: Words
    x: tuple[float, ...]
    y: tuple[float, ...]
    source: str


def qubit(points: int = 13) -> Chart:
    """Turn one qubit from 0 to 1."""
    angles = np.linspace(0, np.pi, points)
    states = np.stack([np.cos(angles / 2), np.sin(angles / 2)])
    title = Words("one qubit, turned", "一个量子比特，慢慢转")
    across, up = Words("angle (degrees)", "转了多少度"), Words("P(1)", "量到 1 的概率")
    return Chart(
        title, across, up, _row(np.degrees(angles)), _row(states[1] ** 2), "|ψ⟩ = cos(θ/2)|0⟩ + sin(θ/2)|1⟩，玻恩规则"
    )


def amplitudes(most: int = 12) -> Chart:
    """Count the numbers that describe n qubits."""
    counts = np.arange(1, most + 1)
    sizes = [len(np.kron(np.ones(2 ** (n - 1)), [1, 0])) for n in counts]
    title = Words("numbers that describe n qubits", "描述 n 个量子比特要几个数")
    return Chart(
        title,
        Words("qubits", "量子比特"),
        Words("amplitudes", "振幅的个数"),
        _row(counts),
        _row(sizes),
        "张量积的长度，数出来的",
    )


def grover(items: int = 64, rounds: int = 12) -> Chart:
    """Search one item among many by Grover's way.

    Args:
        items: 2 or more. rounds: of the search.

    Raises:
        BadInput: fewer than two items.

    Source: Grover 1996 (arXiv:quant-ph/9605043), as a state vector of real numbers.
    """
    if items < 2:
        raise BadInput(
            asked=Words(f"a search among {items}", f"在 {items} 个里找"),
            found=Words("nothing to search", "没有可找的"),
            todo=Words("give two or more", "给两个或更多"),
        )
    state = np.full(items, items**-0.5)
    chances = [state[0] ** 2]
    for _ in range(rounds):
        state[0] *= -1
        state = 2 * state.mean() - state
        chances.append(state[0] ** 2)
    title = Words(f"Grover's search among {items}", f"Grover 搜索：{items} 个里找 1 个")
    up = Words("chance of the right one", "量到那一个的概率")
    return Chart(
        title,
        Words("rounds", "第几轮"),
        up,
        _row(np.arange(rounds + 1)),
        _row(chances),
        "Grover 1996；状态向量一步一步算",
    )


def chart(some: Sequence[Chart]) -> Picture:
    """Draw charts side by side, which are its rows."""
    figure, axes = canvas(1, len(some), width=WIDEST, height=3.4)
    for axis, each in zip(axes, some, strict=True):
        axis.plot(each.x, each.y, "o-", color=BLUE)
        axis.set_title(label(each.title.zh, each.title.en), fontsize=13)
        axis.set_xlabel(label(each.across.zh, each.across.en), fontsize=SMALL)
        axis.set_ylabel(label(each.up.zh, each.up.en), fontsize=SMALL)
        axis.set_ylim(0, None)
        axis.grid(color=GREY, alpha=0.3)
    told = "；".join(f"{each.title.zh}，从 {each.y[0]:.3g} 到 {max(each.y):.3g}（{each.source}）" for each in some)
    return Picture(figure, told, some)


def _row(values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
