"""A run as a strip of pictures, one for every few steps: what is there, and what the model takes the result to be."""

from typing import Any

from aigc_kit.show.lab02.pictures import GREY, tag
from aigc_kit.show.page import Html, Shown
from aigc_kit.types import Step


class Film:
    """Give it to `image.run` as `on_step`: it grows while the picture is made, and stays.

    Args:
        shots: how many moments are kept, first and last step among them; each is decoded twice.
        width: of a picture, in CSS pixels.
    """

    def __init__(self, shots: int = 6, width: int = 118) -> None:
        self.shots, self.width = shots, width
        self.frames: list[tuple[int, Any, Any]] = []  # (step, latents decoded, what it is taken to become)
        self._shown: Shown | None = None

    def __call__(self, step: Step) -> None:
        """A step of the run is done."""
        if step.phase != "denoise" or step.index not in self._wanted(step.total - 1):
            return
        self.frames.append((step.index + 1, step.preview("latent"), step.preview()))  # type: ignore[call-arg]
        if self._shown is None:
            self._shown = Shown(self.html())
        else:
            self._shown.replace(self.html())

    def html(self) -> Html:
        """Two rows: the latents decoded as they are, and the finished picture that the model sees in them."""
        heads = "".join(f"<th>第 {number} 步</th>" for number, _, _ in self.frames)
        noisy = "".join(f"<td>{tag(latent, self.width)}</td>" for _, latent, _ in self.frames)
        clean = "".join(f"<td>{tag(picture, self.width)}</td>" for _, _, picture in self.frames)
        side = f'<td style="text-align:right;{GREY}">'
        html = (
            f"<table><tr><td></td>{heads}</tr><tr>{side}此刻的潜变量，<br>直接解码</td>{noisy}</tr>"
            f"<tr>{side}模型此刻猜的<br>成品</td>{clean}</tr></table>"
        )
        return Html(html, "从噪声到图：第 " + "、".join(str(number) for number, _, _ in self.frames) + " 步")

    def _wanted(self, total: int) -> set[int]:
        last = total - 1
        return {round(i * last / max(self.shots - 1, 1)) for i in range(self.shots)}
