"""The way from text to sound, with the sizes of a real run in the boxes."""

from collections.abc import Sequence

from aigc_kit.show.fonts import glyphs, label
from aigc_kit.show.plots import BLUE, GREEN, ORANGE, Picture, canvas


def flow(stages: Sequence[tuple[str, str]], arrows: Sequence[str]) -> Picture:
    """Boxes from left to right.

    Args:
        stages: (what it is, its size or content in this run), n of them.
        arrows: what turns each into the next, n - 1 of them.
    """
    figure, axes = canvas(width=10, height=1.5, tight=False)
    axis = axes[0]
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.98)
    axis.set_axis_off()
    axis.set_xlim(0, len(stages))
    axis.set_ylim(0, 1)
    colours = (BLUE, GREEN, ORANGE)
    for i, (name, size) in enumerate(stages):
        box = {"boxstyle": "round,pad=0.5", "facecolor": colours[i % 3] + "33", "edgecolor": colours[i % 3]}
        words = f"{glyphs(name).replace('␣', ' ')}\n{size}"
        axis.text(i + 0.5, 0.42, words, ha="center", va="center", fontsize=10, bbox=box)
    for i, name in enumerate(arrows):
        axis.annotate("", (i + 1.16, 0.42), (i + 0.84, 0.42), arrowprops={"arrowstyle": "->", "color": "#555"})
        axis.text(i + 1, 0.66, glyphs(name).replace("␣", " "), ha="center", va="center", fontsize=9.5, color="#333")
    said = " → ".join(f"{name}（{size}）" for name, size in stages)
    return Picture(figure, label("数据流：", "data flow: ") + said)
