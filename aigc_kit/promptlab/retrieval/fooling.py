"""Change a picture until a CLIP says something else.

Each pixel moves by a few levels of 255, along the gradient of a text's cosine. What the picture shows stays the same to
people and to the world's reader: a score of agreement is no proof.
"""

from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_prompt, shown
from aigc_kit.worlds.tinyworld import clip

SIDE = 64


@dataclass(frozen=True)
class Fooled:
    """Hold a changed picture and its cosines with the text.

    Args:
        picture: uint8 (S, S, 3).
        before, after: cosine with the text, of the picture as it was and as it is.
        reach: the largest change of a pixel, in levels of 255.
    """

    picture: np.ndarray
    before: float
    after: float
    reach: int


def fool(picture: np.ndarray, text: str, *, reach: int = 6, steps: int = 20, name: str = clip.NAME) -> Fooled:
    """Bring a picture nearer to a text, almost unseen.

    Args:
        picture: uint8 (S, S, 3), S a multiple of 64.
        text: that shall fit it.
        reach: levels of 255 that a pixel may move, 1 to 64.
        steps: of the gradient's sign.
        name: of the small CLIP's edition.

    Raises:
        BadInput: another picture, another reach, or an empty text.

    Source: Madry et al. 2018 (arXiv:1706.06083), projected gradient descent.
    """
    import torch
    import torch.nn.functional as F

    array = clip.checked_picture(picture)
    check_prompt(text)
    side = len(array)
    if array.shape[1] != side or side % SIDE or not 1 <= reach <= SIDE or steps < 1:
        raise BadInput(
            asked=Words(f"a picture {array.shape}, reach={shown(reach)}", f"图片 {array.shape}，reach={shown(reach)}"),
            found=Words(
                "no square of a multiple of 64, or a reach outside 1 to 64",
                "边长不是 64 的倍数的方图，或者 reach 不在 1 到 64",
            ),
            todo=Words("give uint8 (128, 128, 3) and such as reach=6", "给 uint8 (128, 128, 3)，reach 例如 6"),
        )
    model, _, _ = clip.parts(clip.folder(name), name)
    wanted = torch.from_numpy(clip.text_vectors([text], name)[0])
    levels = torch.from_numpy(array.astype(np.float32)).permute(2, 0, 1)[None]
    change = torch.zeros(1, 3, SIDE, SIDE, requires_grad=True)

    def moved() -> torch.Tensor:
        return (levels + F.interpolate(change, scale_factor=side // SIDE)).clamp(0, 255)

    for _ in range(steps):
        pixels = F.avg_pool2d(moved(), side // SIDE) / 127.5 - 1
        seen = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
        (gradient,) = torch.autograd.grad(F.normalize(seen, dim=-1)[0] @ wanted, change)
        with torch.no_grad():
            change += gradient.sign() * max(1.0, 2.5 * reach / steps)
            change.clamp_(-reach, reach)
    fooled = moved().detach()[0].permute(1, 2, 0).round().numpy().astype(np.uint8)
    before, after = (float(vector @ wanted.numpy()) for vector in clip.picture_vectors([array, fooled], name))
    return Fooled(fooled, before, after, reach)
