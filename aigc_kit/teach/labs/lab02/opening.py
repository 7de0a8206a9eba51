"""The picture of the lab's first cell and of the README: a picture while it is made, and six prompts."""

from typing import TYPE_CHECKING, Any

from aigc_kit.make import image
from aigc_kit.media.fonts import label
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, Picture, canvas

PROMPTS = (
    "一只红色的小猫，在海边，油画风格",
    "一颗红色的爱心，夜晚，霓虹风格",
    "一颗绿色的五角星，在城市里，像素画",
    "一位法师，素描",
    "a yellow cup, plain background, sketch",
    "一朵粉色的花朵，在森林里，水墨画",
)
SEED, STEPS = 40, 20
MOMENTS = (0, 4, 8, 12, 16, STEPS - 1)
_PURPLE = "#8e5bd0"


def promise() -> Picture:
    """Above, the latents of one run at six of its steps, decoded; below, six prompts with one seed, none chosen."""
    moments: list[Any] = []
    figure, axes = canvas(2, len(PROMPTS), width=11.5, height=4.7)
    for axis, prompt in zip(axes[len(PROMPTS) :], PROMPTS, strict=True):
        plan = image.plan_for(prompt, card="tinysdxl", seed=SEED, steps=STEPS)

        def keep(step: Any, first: bool = prompt == PROMPTS[0]) -> None:
            if first and step.phase == "denoise" and step.index in MOMENTS:
                moments.append(step.preview("latent"))

        axis.imshow(image.run(plan, on_step=keep).data[0])
        axis.set_title(prompt.replace("，", "，\n", 1).replace(", ", ",\n", 1), fontsize=10.5)
    for axis, picture, index in zip(axes, moments, MOMENTS, strict=False):
        axis.imshow(picture)
        axis.set_title(label(f"第 {index + 1} 步", f"step {index + 1}"), fontsize=11)
    for axis in axes:
        axis.set_axis_off()
    zh = "tinysdxl（tiny，自己训练的小 SDXL，128×128），六张图同一个种子，没有挑选；AI 生成"
    words = label(zh, "tinysdxl (tiny, trained by this project, 128 x 128), one seed for all, not chosen; AI-generated")
    figure.supxlabel(words, fontsize=9.5, color="#555b66")
    return Picture(figure, "噪声一步步变成一张图；六句话画成的六张图：" + "；".join(PROMPTS))


if TYPE_CHECKING:
    from matplotlib.axes import Axes


def flow(engine: Any, height: int, width: int, steps: int) -> Picture:
    """Boxes and arrows: two text encoders, the loop of the denoiser, the decoder.

    Args:
        engine: `aigc_kit.models.loaded.engine(plan)` of an SDXL-like plan.
        height, width: of the picture, pixels.
        steps: of the loop.
    """
    parts = engine.parts
    figure, (axis,) = canvas(width=11.5, height=4.1, tight=False)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.99)
    axis.set_axis_off()
    axis.set_xlim(0, 11.5)
    axis.set_ylim(0, 4.1)
    one, two = (parts[name].config for name in ("text_encoder", "text_encoder_2"))
    places = parts["tokenizer"].model_max_length
    _box(axis, 0.95, 3.1, label("提示词", "prompt"), "", GREY)
    _box(axis, 2.75, 3.1, "tokenizer ×2", label(f"{places} 个位置", f"{places} places"), ORANGE)
    _box(axis, 4.95, 3.55, "text_encoder", f"{_size(parts['text_encoder'])} → {places}×{one.hidden_size}", _PURPLE)
    _box(axis, 4.95, 2.65, "text_encoder_2", f"{_size(parts['text_encoder_2'])} → {places}×{two.hidden_size}", _PURPLE)
    joined = f"{places} × ({one.hidden_size}+{two.hidden_size})"
    _box(axis, 7.35, 3.1, label("文字的向量", "states"), joined, _PURPLE)
    vae = parts["vae"].config
    side = 2 ** (len(vae.block_out_channels) - 1)
    latent = f"{height // side}×{width // side}×{vae.latent_channels}"
    _box(axis, 1.55, 0.95, label("噪声（由 seed 决定）", "noise (from the seed)"), latent, GREY)
    again = label("预测噪声，减去一点", "predict the noise, take some away")
    _box(axis, 5.6, 0.95, f"UNet {_size(parts['unet'])}", again, BLUE)
    _box(axis, 8.75, 0.95, f"VAE {label('解码器', 'decoder')}", f"{_size(parts['vae'].decoder)}", GREEN)
    _box(axis, 10.65, 0.95, label("图", "picture"), f"{height}×{width}×3", GREY)
    for start, end in (
        ((1.45, 3.1), (1.95, 3.1)),
        ((3.55, 3.2), (4.0, 3.5)),
        ((3.55, 3.0), (4.0, 2.7)),
        ((5.95, 3.5), (6.5, 3.2)),
        ((5.95, 2.7), (6.5, 3.0)),
        ((2.85, 0.95), (4.6, 0.95)),
        ((6.6, 0.95), (7.95, 0.95)),
        ((9.55, 0.95), (10.05, 0.95)),
    ):
        _arrow(axis, start, end)
    _arrow(axis, (7.35, 2.75), (6.1, 1.4))
    axis.text(7.0, 1.95, label("每一步都看着文字", "at every step"), fontsize=10, color="#555")
    axis.plot([6.15, 6.15, 5.05], [0.58, 0.2, 0.2], color=BLUE, lw=1.6)
    axis.annotate("", (5.05, 0.62), (5.05, 0.185), arrowprops={"arrowstyle": "->", "color": BLUE, "lw": 1.6})
    axis.text(5.6, 0.27, label(f"重复 {steps} 步", f"{steps} times"), ha="center", fontsize=9.5, color=BLUE)
    axis.text(7.3, 1.08, latent, fontsize=9.5, color="#555", ha="center")
    words = label("数据流（按已加载的模型画出）：", "data flow of the loaded model: ")
    return Picture(figure, f"{words}{joined} → {latent} → {height}×{width}×3")


def _box(axis: "Axes", x: float, y: float, name: str, size: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.5", "facecolor": colour + "2e", "edgecolor": colour, "linewidth": 1.3}
    axis.text(x, y, f"{name}\n{size}" if size else name, ha="center", va="center", fontsize=10.5, bbox=box)


def _arrow(axis: "Axes", start: tuple[float, float], end: tuple[float, float]) -> None:
    axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#555", "lw": 1.3})


def _size(module: Any) -> str:
    """Its parameters in millions."""
    return f"{sum(parameter.numel() for parameter in module.parameters()) / 1e6:,.1f} M"
