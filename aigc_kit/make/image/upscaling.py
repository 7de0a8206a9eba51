"""Make pictures larger, and say how."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, missing_extra
from aigc_kit.make.image.pixels import picture

MAX_FACTOR = 8


@dataclass(frozen=True)
class Upscaled:
    """Hold a larger picture.

    Args:
        data: uint8 (H, W, 3).
        how: "lanczos" (a formula: no detail is added) or "model: <architecture>" (details are invented).
        factor: by which height and width grew.
    """

    data: np.ndarray
    how: str
    factor: float


def upscale(image: Any, factor: float = 2, model: str | Path | None = None) -> Upscaled:
    """Make a picture larger.

    Args:
        image: PIL.Image or uint8 (H, W, 3), such as `take.data[0]`.
        factor: 1 < factor <= 8.
        model: a super-resolution model in a .safetensors file, of an architecture that spandrel knows (ESRGAN and
            others); its picture is then resampled to the factor. None uses the resampler alone.

    Raises:
        BadInput: a factor out of range, no picture, or a model file that is not .safetensors (pickles are not opened).
        MissingExtra: a model without the package spandrel.
        CannotLoad: spandrel does not know the file.
    """
    number = isinstance(factor, (int, float)) and not isinstance(factor, bool)
    if not number or not 1 < factor <= MAX_FACTOR:
        raise BadInput(
            asked=f"factor={factor!r}",
            found=Words(f"not in (1, {MAX_FACTOR}]", f"不大于 1，或超过 {MAX_FACTOR}"),
            todo=Words("choose 2", "改成 factor=2"),
        )
    source = picture(image)
    how = "lanczos"
    size = (round(source.width * factor), round(source.height * factor))
    if model is not None:
        source, how = _by_model(source, Path(model))
    if source.size != size:
        source = source.resize(size, 1)  # 1: Lanczos
    return Upscaled(np.asarray(source), how, factor)


def _by_model(source: Any, file: Path) -> tuple[Any, str]:
    import torch
    from PIL import Image

    if file.suffix != ".safetensors" or not file.is_file():
        advice = Words(
            "give one; other formats can run code when they are opened",
            "给一个 .safetensors 文件；别的格式打开时可能会运行代码",
        )
        raise BadInput(
            asked=Words(f"upscaling by {file}", f"用 {file} 放大"),
            found=Words("not a .safetensors file on this machine", "这台机器上没有这个 .safetensors 文件"),
            todo=advice,
        )
    try:
        from spandrel import ModelLoader
    except ImportError:
        raise missing_extra("spandrel", "upscale", Words("upscaling by a model", "用模型放大图片")) from None
    try:
        scaler = ModelLoader(device="cpu").load_from_file(file)
    except Exception as error:
        said = str(error) or type(error).__name__
        reason = Words(said, f"读不了（原话：{said}）")
        todo = Words("use a super-resolution model that spandrel lists", "换一个 spandrel 列出的超分辨率模型")
        raise CannotLoad(
            asked=Words(f"the upscaler {file.name}", f"放大模型 {file.name}"), found=reason, todo=todo
        ) from error
    pixels = torch.from_numpy(np.array(source)).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        large = scaler(pixels)[0].clamp(0, 1).mul(255).round().to(torch.uint8)
    return Image.fromarray(large.permute(1, 2, 0).numpy()), f"model: {scaler.architecture.name}"
