"""The picture of the lab's first cell and of the README: a picture while it is made, and six prompts."""

from typing import Any

from aigc_kit import image
from aigc_kit.show.fonts import label
from aigc_kit.show.plots import Picture, canvas

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


def promise() -> Picture:
    """Above, the latents of one run at six of its steps, decoded; below, six prompts with one seed, none chosen."""
    moments: list[Any] = []
    figure, axes = canvas(2, len(PROMPTS), width=11.5, height=4.7)
    for axis, prompt in zip(axes[len(PROMPTS) :], PROMPTS, strict=True):
        plan = image.plan_for(prompt, card="tinysdxl", seed=SEED, steps=STEPS)

        def keep(step: Any, first: bool = prompt == PROMPTS[0]) -> None:
            if first and step.phase == "denoise" and step.index in MOMENTS:
                moments.append(step.preview("latent"))

        axis.imshow(image.run(plan.request, plan, on_step=keep).data[0])
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
