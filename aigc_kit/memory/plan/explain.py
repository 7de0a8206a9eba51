"""Why a plan is as it is, in English and Chinese."""

from aigc_kit.core.types import PHASES, Request, Words, named
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.plan.options import MARGIN, Size, volume
from aigc_kit.memory.plan.search import Need, Remedy, Space, Way

_PLACES = {
    "resident": ("every part stays on the GPU", "所有部件常驻显存"),
    "model": ("whole parts are moved to the GPU while they work", "部件整块轮流搬上显卡（model offload）"),
    "group": ("weights are brought block by block", "权重按层组搬上显卡（group offload）"),
    "sequential": ("weights are brought module by module, which is slow", "权重逐个模块搬上显卡（sequential，很慢）"),
}


def size(one: Size | Way) -> str:
    """A size as text: 1024x1024, or 480x832x17 with frames."""
    height, width, frames = (one.height, one.width, one.frames) if isinstance(one, Way) else one
    return f"{height}x{width}" + (f"x{frames}" if frames > 1 else "")


def reasons(space: Space, found: Need, given: Request) -> tuple[Words, ...]:
    """The sentences of a plan: size, memory, placement, what sets the peak, dtype, attention."""
    if space.budget.device == "cpu":
        return (_size(space, found, given), _cpu(space, found), _setter(found), *_bound(found))
    return (
        _size(space, found, given),
        _memory(space, found),
        _placement(space, found),
        *_text(found),
        _setter(found),
        *_dtype(space, found),
        *_attention(space),
        *_bound(found),
    )


def remedy(help_: Remedy, request: Request, where: str = "the GPU") -> Words:
    """What to do when nothing fits: the smallest changes of the request, or how much to free."""
    sizes = {"the GPU": "显存", "main memory": "内存"}
    en, zh = [], []
    for found in help_.needs:
        way, changes, changes_zh = found.way, [], []
        if help_.opened:
            changes.append("leave out " + ", ".join(help_.opened))
            changes_zh.append("不指定 " + "、".join(help_.opened))
        if request.frames and way.frames != request.frames:
            changes.append(f"ask for {way.frames} frames")
            changes_zh.append(f"改为 {way.frames} 帧")
        if request.height and (way.height, way.width) != (request.height, request.width):
            changes.append(f"ask for {way.height}x{way.width}")
            changes_zh.append(f"改为 {way.height}×{way.width}")
        en.append(" and ".join(changes) or f"ask for {size(way)}")
        zh.append("并".join(changes_zh) or f"改为 {size(way)}")
    pairs = ((help_.device_bytes, where), (help_.ram_bytes, "main memory"))
    frees = [(format_bytes(count), place) for count, place in pairs if count]
    en.append("free " + " and ".join(f"{count} more of {place}" for count, place in frees))
    zh.append("再空出 " + "和 ".join(f"{count} {sizes[place]}" for count, place in frees))
    return Words(", or ".join(en), "，或".join(zh))


def _size(space: Space, found: Need, given: Request) -> Words:
    text, facts = size(found.way), space.card.facts
    open_shape, open_frames = given.height is None, given.frames is None and facts.frame_step > 1
    if space.asked.policy == "course":
        return Words(f"{text} is the course's choice for this much free memory", f"{text} 是课程阶梯在此显存下的选择")
    if not (open_shape or open_frames):
        return Words(f"{text} as asked", f"尺寸按要求：{text}")
    largest = max((h * w for h, w in facts.ladder), default=0) * max(facts.frames_ladder)
    if volume((found.way.height, found.way.width, found.way.frames)) >= largest:
        return Words(f"{text} is the largest that this model is made for", f"{text} 是该模型支持的最大尺寸")
    return Words(f"{text} is the largest of its sizes that fits", f"{text} 是装得下的最大尺寸")


def _memory(space: Space, found: Need) -> Words:
    free, needs = format_bytes(space.budget.free_bytes), format_bytes(found.device_bytes)
    likely = format_bytes(found.prediction.reserved_bytes)
    return Words(
        f"{likely} of GPU memory predicted, {needs} at the upper end; {MARGIN:.0%} of the {free} free may be used",
        f"预测占用显存 {likely}，上限 {needs}；空闲 {free}，最多用其中 {MARGIN:.0%}",
    )


def _cpu(space: Space, found: Need) -> Words:
    free, needs = format_bytes(space.budget.free_bytes), format_bytes(found.device_bytes)
    return Words(
        f"on the CPU everything stays in memory: {needs} with the libraries, {free} free",
        f"在 CPU 上全部常驻内存：连同程序库需要 {needs}，空闲 {free}",
    )


def _placement(space: Space, found: Need) -> Words:
    en, zh = _PLACES[found.way.placement]
    if found.way.placement == "resident" and found.way.text_on_cpu:
        return Words("all other parts stay on the GPU", "其余部件常驻显存")
    if found.way.placement != "resident" and space.asked.placement is None:
        way = found.way
        other = next(
            (
                n
                for n in space.needs((way.height, way.width, way.frames))
                if n.way.placement == "resident" and (n.way.float8, n.way.tiling) == (way.float8, way.tiling)
            ),
            None,
        )
        if other is not None:
            needs = format_bytes(other.device_bytes)
            return Words(f"{en}: all parts together would need {needs}", f"{zh}：全部常驻需要 {needs}")
    return Words(en, zh)


def _text(found: Need) -> tuple[Words, ...]:
    if not found.way.text_on_cpu:
        return ()
    encoders = format_bytes(sum(p.bytes() for p in found.facts.parts if p.role == "text"))
    return (
        Words(
            f"the text encoder ({encoders}) stays on the CPU and works first: slower there, but once per prompt",
            f"文本编码器（{encoders}）留在 CPU 上先运行：慢一些，但每条提示词只算一次",
        ),
    )


def _setter(found: Need) -> Words:
    peak = found.prediction.peak
    phase = named(PHASES, peak.name).zh
    return Words(f"the peak comes in phase {peak.name}: {peak.setter}", f"峰值出现在{phase}阶段：{peak.setter}")


def _dtype(space: Space, found: Need) -> tuple[Words, ...]:
    if found.way.float8:
        return (
            Words(
                "the denoiser's weights are stored in float8 and computed in half precision",
                "去噪网络权重以 float8 存放，计算时转回半精度",
            ),
        )
    if space.card.defaults["dtype"] == "bfloat16" and found.way.dtype == "float16" and space.asked.dtype is None:
        return (Words("this GPU has no bfloat16, so float16", "这块显卡不支持 bfloat16，改用 float16"),)
    return ()


def _attention(space: Space) -> tuple[Words, ...]:
    if space.fused() or space.asked.attention is not None:
        return ()
    if space.attention() == "math":
        return (
            Words(
                "this GPU has no fused attention here: the table of scores is kept whole, which takes memory",
                "这块显卡没有融合注意力：要存下整张注意力分数表，多占显存",
            ),
        )
    return (
        Words(
            "this GPU has no flash attention: reckoned with torch's memory-efficient kernel, which takes float16",
            "这块显卡没有 flash 注意力：按 torch 的省显存内核估计（它支持 float16）",
        ),
    )


def _bound(found: Need) -> tuple[Words, ...]:
    if found.traced:
        return ()
    facts = found.facts
    traced = size((facts.height, facts.width, facts.frames))
    return (
        Words(
            f"this size was not traced: the numbers are those of {traced}, an upper bound",
            f"此尺寸没有追踪数据：按 {traced} 估计，是上限",
        ),
    )
