"""Check and complete the request of a picture or clip."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.types import Card, Change, Request, Words
from aigc_kit.core.types.atoms import shown
from aigc_kit.core.types.records import LAST_SEED
from aigc_kit.core.units import MIB
from aigc_kit.memory.plan.sides import scaled

DTYPES = ("float32", "float16", "bfloat16")
STORED = ("float8",)
SHORT: Mapping[str, str] = MappingProxyType({"fp32": "float32", "fp16": "float16", "bf16": "bfloat16", "fp8": "float8"})
ATTENTION = ("sdpa", "math", "sliced", "xformers")
PLACEMENTS = ("resident", "model", "group", "sequential")
POLICIES = ("kit", "course")
_CHOICES = {"dtype": "精度", "attention": "注意力算法", "placement": "摆放方式", "policy": "策略"}
SETTINGS = ("dtype", "attention", "placement", "text_on_cpu", "vae_slicing", "vae_tiling", "policy")
COURSE_FRAMES: Mapping[int, int] = MappingProxyType({16: 17, 12: 13, 8: 9, 6: 5})  # what the library makes of them
Size = tuple[int, int, int]  # height, width, frames
# free MiB above which the course takes height, width, frames; its frames are no 4k+1 (errata E48)
COURSE = ((10_000, 480, 832, 16), (7_000, 384, 640, 12), (4_000, 320, 576, 8), (-1, 256, 448, 6))
MARGIN = 0.9  # share of the free memory; the rest is for what changes between plan and run
DRAWN = ("negative", "height", "width", "frames", "fps", "steps", "guidance", *SETTINGS)
WRITTEN = ("max_new_tokens", "engine")


@dataclass(frozen=True)
class Asked:
    """Hold what a request fixes, None where it is open.

    Args:
        dtype: "float32" | "float16" | "bfloat16", or "float8": weights of the denoiser stored so.
        attention: "sdpa" | "math" | "sliced" | "xformers".
        placement: "resident" | "model" | "group" | "sequential".
        text_on_cpu: text encoders stay on the CPU and work first.
        vae_slicing, vae_tiling: options of the decoder.
        policy: "kit" searches; "course" takes size and frames from the course's ladder.
    """

    dtype: str | None = None
    attention: str | None = None
    placement: str | None = None
    text_on_cpu: bool | None = None
    vae_slicing: bool | None = None
    vae_tiling: bool | None = None
    policy: str = "kit"

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """Read the planner's SETTINGS in a request's `extra`.

        Raises:
            BadInput: an unknown value.
        """
        values = {name: request.extra[name] for name in SETTINGS if request.extra.get(name) is not None}
        if isinstance(values.get("dtype"), str):
            values["dtype"] = SHORT.get(values["dtype"], values["dtype"])
        choices = {"dtype": (*DTYPES, *STORED), "attention": ATTENTION, "placement": PLACEMENTS, "policy": POLICIES}
        for name, value in values.items():
            text = f"{name}={shown(request.extra[name])}"
            if name in choices and value not in choices[name]:
                names = (*SHORT, *choices[name]) if name == "dtype" else choices[name]
                raise unknown_name(text, value, names, Words(name, _CHOICES[name]))
            if name not in choices and not isinstance(value, bool):
                raise BadInput(
                    asked=text,
                    found=Words("not True or False", "不是 True 或 False"),
                    todo=Words(f"say {name}=True or {name}=False", f"写 {name}=True 或 {name}=False"),
                )
        if values.get("dtype") == "float8" and values.get("placement") == "sequential":
            reason = Words("two libraries would both change the weights on their way", "两个库都要在途中改动权重")
            todo = Words("use placement='group', or dtype='float16'", "用 placement='group'，或 dtype='float16'")
            raise BadInput(
                asked=Words("weights in float8, brought module by module", "权重用 float8，又逐个模块搬运"),
                found=reason,
                todo=todo,
            )
        return cls(**values)


def complete(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """Check a request, and fill steps, guidance, fps and size.

    Size and frames may stay open, unless the card has a usual size.

    Raises:
        BadInput: values that the model cannot do, with the nearest that it can.
    """
    facts = card.facts
    request, changes = scaled(request, card)
    frames, more = _frames(request, card)
    changes += more
    request, more = _guidance(request)
    changes += more
    if request.fps == 0:
        raise BadInput(
            asked="fps=0",
            found=Words("a clip that never ends", "这样的短片永远放不完"),
            todo=Words("choose such as 8, 16 or 24", "改成 8、16 或 24 这样的值"),
        )
    if card.kind == "video" and request.batch != 1:
        todo = Words("leave batch out, and call once for each seed", "去掉 batch，每个种子调用一次")
        raise BadInput(
            asked=f"batch={request.batch}", found=Words("clips are made one at a time", "短片一次只生成一段"), todo=todo
        )
    check_seeds(request)
    most = facts.max_steps
    if request.steps is not None and request.steps > most:
        reason = Words(
            f"the scheduler of {card.name} tells {most} levels of noise apart",
            f"{card.name} 的调度器只分 {most} 级噪声",
        )
        todo = Words(
            f"choose {most} or fewer; {card.defaults['steps']} are usual",
            f"改成 {most} 或更小；平常用 {card.defaults['steps']}",
        )
        raise BadInput(asked=f"steps={shown(request.steps)}", found=reason, todo=todo)
    values: dict[str, Any] = {"frames": frames if facts.frame_step > 1 else None}
    for name in ("height", "width", "steps", "guidance", "fps"):
        if getattr(request, name) is None and name in card.defaults:
            values[name] = card.defaults[name]
    return replace(request, **values), changes


def check_seeds(request: Request) -> None:
    """Refuse a batch whose last seed is none any more."""
    last = request.seed + request.batch - 1
    if last > LAST_SEED:
        asked = Words(f"seed={request.seed} with batch={request.batch}", f"seed={request.seed}，batch={request.batch}")
        found = Words(
            f"seeds count up to {LAST_SEED}, and the last picture would have {last}",
            f"种子最大是 {LAST_SEED}，最后一张图片却要用 {last}",
        )
        raise BadInput(
            asked=asked,
            found=found,
            todo=Words(
                f"choose seed={LAST_SEED - request.batch + 1} or less",
                f"改成 seed={LAST_SEED - request.batch + 1} 或更小",
            ),
        )


def _guidance(request: Request) -> tuple[Request, tuple[Change, ...]]:
    """Say that guidance below 1 is none."""
    if request.guidance is None or request.guidance >= 1:
        return request, ()
    why = Words(
        "the library guides above 1 only: below it the negative side is not computed, as at 1",
        "库只在大于 1 时做引导；小于 1 时不算负面一侧，和 1 完全相同",
    )
    return replace(request, guidance=1.0), (Change("guidance", request.guidance, 1.0, why),)


def _frames(request: Request, card: Card) -> tuple[int | None, tuple[Change, ...]]:
    wish, step = request.frames, card.facts.frame_step
    if wish is None:
        return None, ()
    if step == 1:
        if wish != 1:
            raise BadInput(
                asked=f"frames={wish}",
                found=Words(f"{card.name} draws pictures", f"{card.name} 画的是图片"),
                todo=Words("use a video model", "用视频模型"),
            )
        return None, ()
    most = card.facts.max_frames or card.facts.frames_ladder[0]
    if wish % step != 1 and wish in COURSE_FRAMES:
        whole = COURSE_FRAMES[wish]
        why = f"the decoder makes {step}k+1 frames; the library would turn {wish} into {whole} with a mere warning"
        why_zh = f"解码器只能生成 {step}k+1 帧；原写法 {wish} 会被库悄悄改成 {whole}"
        return whole, (Change("frames", wish, whole, Words(why, why_zh)),)
    if wish % step != 1 or wish > most:
        low = min((wish - 1) // step * step + 1, most)
        near = Words(f"{low} or {low + step}", f"{low} 或 {low + step}") if low + step <= most else Words.of(str(low))
        todo = Words(f"choose {near}", f"改成 {near.zh}")
        raise BadInput(
            asked=f"frames={wish}",
            found=Words(
                f"{card.name} makes {step}k+1 frames, at most {most}",
                f"{card.name} 只生成 {step}k+1 帧，最多 {most} 帧",
            ),
            todo=todo,
        )
    return wish, ()


def volume(size: Size) -> int:
    """Multiply pixels and frames."""
    return size[0] * size[1] * size[2]


def sizes(request: Request, card: Card) -> list[Size]:
    """List what the request leaves open, the largest first."""
    shapes = [(request.height, request.width)] if request.height and request.width else card.facts.ladder
    lengths = [request.frames] if request.frames else card.facts.frames_ladder
    every = [(height, width, frames) for height, width in shapes for frames in lengths]
    return sorted(every, key=volume, reverse=True)


def smaller(size: Size, card: Card) -> list[Size]:
    """List smaller sizes of the ladder, the largest first."""
    facts = card.facts
    shapes = {(size[0], size[1]), *facts.ladder}
    lengths = {size[2], *facts.frames_ladder}
    every = [(h, w, f) for h, w in shapes for f in lengths if h * w <= size[0] * size[1] and f <= size[2]]
    return sorted((s for s in every if volume(s) < volume(size)), key=lambda s: (-volume(s), s))


def by_course(request: Request, card: Card, free_bytes: int) -> tuple[Request, tuple[Change, ...]]:
    """Fix size and frames by the course's ladder.

    Raises:
        BadInput: the model is none of those that it was written for, or the request fixes what it chooses.
    """
    if (480, 832) not in card.facts.ladder or card.facts.frame_step != 4:
        todo = Words("use policy 'kit'", "用 policy 'kit'")
        raise BadInput(
            asked=Words(f"policy 'course' for {card.name}", f"{card.name} 的 policy 'course'"),
            found=Words("the course has it for Wan2.1 only", "课程里只有 Wan2.1 有这种策略"),
            todo=todo,
        )
    if request.height or request.width or request.frames:
        text = Words("policy 'course' with a size or frames", "policy 'course'，又写了尺寸或帧数")
        raise BadInput(
            asked=text,
            found=Words("it chooses these itself", "尺寸和帧数由它自己选"),
            todo=Words("leave them out", "去掉尺寸和帧数"),
        )
    _, height, width, wish = next(row for row in COURSE if free_bytes / MIB > row[0])
    frames = COURSE_FRAMES[wish]
    why = f"the course asks for {wish} frames here; the decoder makes 4k+1, which the library does with a warning"
    why_zh = f"课程在此档写 {wish} 帧；解码器只能生成 4k+1 帧，实际得到 {frames} 帧"
    return request.change(height=height, width=width, frames=frames), (
        Change("frames", wish, frames, Words(why, why_zh)),
    )
