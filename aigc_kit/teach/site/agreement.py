"""Compare what exported parts make together with what torch makes.

The library's own pipeline runs twice: with its modules, and with the exported graphs in their place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aigc_kit.core.errors import CannotLoad
from aigc_kit.core.types import Words
from aigc_kit.teach.site.exports import Part, opened

PICTURE, CLIP = 1, 2  # largest differences of 255
SCORE = 0.01  # of a logit
_TODO = Words("install the versions of constraints.txt, then build again", "装回 constraints.txt 里的版本，再生成一次")


def tell(parts: Sequence[Part], say: Callable[[str], None]) -> None:
    """Say how far each part is from torch."""
    for part in parts:
        say(f"{part.name}: differs from torch by {part.error:.1g} of the largest number")


def check_picture(pipe: Any, parts: Sequence[Part], say: Callable[[str], None]) -> None:
    """Draw one picture both ways, and compare the pixels.

    Raises:
        CannotLoad: a pixel differs by more than 1 of 255.
    """
    import torch

    def draw() -> np.ndarray:
        call = {"num_inference_steps": 6, "guidance_scale": 3.0, "height": 128, "width": 128, "output_type": "pil"}
        return np.asarray(pipe("一只小狗，在花丛里", generator=torch.Generator().manual_seed(0), **call).images[0])

    with torch.no_grad():
        truth = draw()
        with running(parts) as run, _pictured(pipe, run):
            answer = draw()
    _compare("the whole picture", "整张图", truth, answer, PICTURE, say)


def check_clip(pipe: Any, parts: Sequence[Part], say: Callable[[str], None]) -> None:
    """Film one clip both ways, and compare the pixels.

    Raises:
        CannotLoad: a pixel differs by more than 2 of 255.
    """
    import torch

    def film() -> np.ndarray:
        call = {"num_inference_steps": 4, "guidance_scale": 3.0, "height": 64, "width": 64, "num_frames": 17}
        seed = torch.Generator().manual_seed(0)
        frames: np.ndarray = pipe("一个红色的圆球跳跃，在海边", generator=seed, output_type="np", **call).frames[0]
        return (frames * 255).round()

    with torch.no_grad():
        truth = film()
        with running(parts) as run, _filmed(pipe, run):
            answer = film()
    _compare("the whole clip", "整段短片", truth, answer, CLIP, say)


def check_text(model: Any, part: Part, ids: Sequence[int], say: Callable[[str], None]) -> None:
    """Read a text token by token, and compare scores.

    Raises:
        CannotLoad: a score differs by more than 0.01, or another token is the likeliest.
    """
    import torch

    with torch.no_grad():
        truth = model(torch.tensor([list(ids)])).logits[0, -1]
    config = model.config
    room = (config.num_hidden_layers, config.num_attention_heads, config.max_position_embeddings, config.head_dim)
    keys, values = torch.zeros(room), torch.zeros(room)
    with running([part]) as run:
        for place, token in enumerate(ids):
            at = np.array([[place]])
            scores, _, key, value = run(part.name, token=np.array([[token]]), place=at, keys=keys, values=values)
            keys[:, :, place], values[:, :, place] = key, value
    error = float((scores[0] - truth).abs().max())
    say(f"{part.name}: after {len(ids)} tokens the scores differ from torch by {error:.1g}")
    if error > SCORE or scores[0].argmax() != truth.argmax():
        raise CannotLoad(
            asked=Words(f"the scores of {part.name} from an exported part", f"用导出的计算图算 {part.name} 的分数"),
            found=Words(f"they differ by {error:.2g}; {SCORE:g} is allowed", f"相差 {error:.2g}；允许 {SCORE:g}"),
            todo=_TODO,
        )


@contextmanager
def running(parts: Sequence[Part]) -> Iterator[Callable[..., list[Any]]]:
    """Open parts to run them by name, on tensors."""
    import torch

    with TemporaryDirectory() as folder:
        sessions = {}
        for part in parts:
            (place := Path(folder) / part.name).mkdir()
            sessions[part.name] = opened(part.graph, part.weights, place)

        def run(name: str, **inputs: Any) -> list[Any]:
            feeds = {
                key: np.asarray(value.numpy() if hasattr(value, "numpy") else value) for key, value in inputs.items()
            }
            return [torch.from_numpy(np.asarray(answer)) for answer in sessions[name].run(None, feeds)]

        yield run


@contextmanager
def _pictured(pipe: Any, run: Callable[..., list[Any]]) -> Iterator[None]:
    """Let SDXL's parts be graphs."""

    def encode(prompt: str, **_: Any) -> tuple[Any, ...]:
        ids = [
            tokenizer([prompt], padding="max_length", max_length=77, return_tensors="pt").input_ids
            for tokenizer in (pipe.tokenizer, pipe.tokenizer_2)
        ]
        states, pooled = run("text", first=ids[0], second=ids[1])
        return states, states * 0, pooled, pooled * 0

    def step(
        x: Any, time: Any, encoder_hidden_states: Any, added_cond_kwargs: Mapping[str, Any], **_: Any
    ) -> tuple[Any]:
        more = {"pooled": added_cond_kwargs["text_embeds"], "sizes": added_cond_kwargs["time_ids"].float()}
        return (run("unet", x=x, time=np.float32(time), states=encoder_hidden_states, **more)[0],)

    def decode(latents: Any, **_: Any) -> tuple[Any]:
        return (run("vae", latents=latents)[0] * 2 - 1,)

    with _replaced((pipe, "encode_prompt", encode), (pipe.unet, "forward", step), (pipe.vae, "decode", decode)):
        yield


@contextmanager
def _filmed(pipe: Any, run: Callable[..., list[Any]]) -> Iterator[None]:
    """Let Wan's parts be graphs."""
    import torch

    room = 64

    def states(text: str) -> Any:
        words = pipe.tokenizer([text], padding="max_length", max_length=room, return_tensors="pt")
        mask = words.attention_mask
        rows = run("text", ids=words.input_ids, mask=mask)[0][:, : int(mask.sum())]
        return torch.nn.functional.pad(rows, (0, 0, 0, 512 - rows.shape[1]))

    def encode(prompt: str, negative_prompt: str | None = None, **_: Any) -> tuple[Any, Any]:
        return states(prompt), states(negative_prompt or "")

    def step(hidden_states: Any, timestep: Any, encoder_hidden_states: Any, **_: Any) -> tuple[Any]:
        more = {"time": timestep.float(), "states": encoder_hidden_states}
        return (run("transformer", x=hidden_states, **more)[0],)

    def decode(latents: Any, **_: Any) -> tuple[Any]:
        config = pipe.vae.config
        mean, std = (torch.tensor(row).view(1, -1, 1, 1, 1) for row in (config.latents_mean, config.latents_std))
        return (run("vae", latents=(latents - mean) / std)[0] * 2 - 1,)

    with _replaced((pipe, "encode_prompt", encode), (pipe.transformer, "forward", step), (pipe.vae, "decode", decode)):
        yield


@contextmanager
def _replaced(*methods: tuple[Any, str, Callable[..., Any]]) -> Iterator[None]:
    for owner, name, function in methods:
        owner.__dict__[name] = function
    try:
        yield
    finally:
        for owner, name, _ in methods:
            del owner.__dict__[name]


def _compare(en: str, zh: str, truth: np.ndarray, answer: np.ndarray, allowed: int, say: Callable[[str], None]) -> None:
    largest = int(np.abs(truth.astype(int) - answer.astype(int)).max())
    say(f"{en}: largest difference from torch {largest} of 255")
    if largest > allowed:
        raise CannotLoad(
            asked=Words(f"{en} from exported parts", f"用导出的计算图做出{zh}"),
            found=Words(f"a pixel differs by {largest} of 255", f"有一个像素相差 {largest}（满值 255）"),
            todo=_TODO,
        )
