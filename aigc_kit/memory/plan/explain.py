"""Say why a plan is as it is."""

from aigc_kit.core.types import PHASES, Budget, Change, FrozenMap, Request, Words, named
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.plan.options import MARGIN, Size, volume
from aigc_kit.memory.plan.search import Need, Remedy, Space, Way

PLACES = {"the GPU": "显存", "main memory": "内存"}
_PLACES = {
    "resident": ("every part stays on the GPU", "所有部件常驻显存"),
    "model": ("whole parts are moved to the GPU while they work", "部件整块轮流搬上显卡（model offload）"),
    "group": (
        "weights are brought block by block, the next one meanwhile",
        "权重按层组搬上显卡（group offload），边算边搬下一组",
    ),
    "sequential": ("weights are brought module by module, which is slow", "权重逐个模块搬上显卡（sequential，很慢）"),
}


def size(of: Size | Way) -> str:
    """Write a size: 1024x1024, or 480x832x17 with frames."""
    height, width, frames = (of.height, of.width, of.frames) if isinstance(of, Way) else of
    return f"{height}x{width}" + (f"x{frames}" if frames > 1 else "")


def peak_name(budget: Budget) -> FrozenMap:
    """Name the peak of a pipeline, where tensors are counted."""
    where = Words("peak", "内存峰值（权重与张量）" if budget.device == "cpu" else "显存峰值（已分配）")
    return FrozenMap(peak=where)


def reasons(space: Space, need: Need, request: Request) -> tuple[Words, ...]:
    """Collect the sentences of a plan."""
    sentences: list[Words | None] = [_size(space, need, request), _memory(space, need)]
    if space.budget.device == "cpu":
        sentences += [_setter(need)]
    else:
        sentences += [_placement(space, need), _text(need), _setter(need)]
        sentences += [_dtype(space, need), _attention(space), _apple(space)]
    sentences += [_lifted(need), _parts_away(space), _call(space, request), _bound(need)]
    return tuple(words for words in sentences if words is not None)


def remedy(help_: Remedy, request: Request, budget: Budget, where: str = "the GPU") -> Words:
    """Say which smallest changes or how much memory would help."""
    ways = []
    for way in (need.way for need in help_.needs):
        changes = []
        if help_.opened:
            changes.append(Words("leave out " + ", ".join(help_.opened), "不指定 " + "、".join(help_.opened)))
        if request.frames and way.frames != request.frames:
            changes.append(Words(f"ask for {way.frames} frames", f"改为 {way.frames} 帧"))
        if request.height and (way.height, way.width) != (request.height, request.width):
            changes.append(Words(f"ask for {way.height}x{way.width}", f"改为 {way.height}×{way.width}"))
        whole = Words(f"ask for {size(way)}", f"改为 {size(way)}")
        ways.append(Words.join(*changes or [whole], en=" and ", zh="并"))
    ways.append(_more(help_, budget, where))
    return Words.join(*ways, en=", or ", zh="，或")


def _more(help_: Remedy, budget: Budget, where: str) -> Words:
    """Say what to free, or which machine to take."""
    pairs = [(where, help_.device_bytes, budget.free_bytes), ("main memory", help_.ram_bytes, budget.ram_free_bytes)]
    pairs = [pair for pair in pairs if pair[1]]
    if help_.device_bytes <= budget.total_bytes - budget.free_bytes:
        frees = [(format_bytes(count), place) for place, count, _ in pairs]
        parts = [Words(f"{count} more of {place}", f"{count} {PLACES[place]}") for count, place in frees]
        return Words("free ", "再空出 ") + Words.join(*parts, en=" and ", zh="和 ")
    wholes = [(format_bytes(free + count), place) for place, count, free in pairs]
    parts = [
        Words(f"{count} of {place} free".replace("the GPU", "GPU memory"), f"{count} 空闲{PLACES[place]}")
        for count, place in wholes
    ]
    return Words("take a machine with ", "换一台机器，有 ") + Words.join(*parts, en=" and ", zh="和 ")


def unheard(space: Space) -> tuple[Change, ...]:
    """Say which wishes mean nothing on this machine."""
    asked, (dtype, _), device = space.asked, space.dtypes(), space.budget.device
    changes = []
    if asked.dtype == "float8" and device in {"cpu", "mps"}:
        why = Words("a CPU has no use for float8", "CPU 上不用 float8")
        why = Words("Apple's GPU has no float8", "苹果的显卡没有 float8") if device == "mps" else why
        changes.append(Change("dtype", asked.dtype, dtype, why))
    elif asked.dtype not in {None, "float8", dtype}:
        why = Words("this GPU does not compute in bfloat16", "这块显卡不支持 bfloat16")
        changes.append(Change("dtype", asked.dtype, dtype, why))
    one = Words("there is one memory: nothing is moved", "只有一种内存，不用搬运")
    if asked.placement not in {None, "resident"} and not space.moves:
        changes.append(Change("placement", asked.placement, "resident", one))
    if asked.text_on_cpu and not space.moves:
        changes.append(Change("text_on_cpu", True, False, one))
    return tuple(changes)


def _size(space: Space, need: Need, request: Request) -> Words:
    text, facts = size(need.way), space.card.facts
    open_shape, open_frames = request.height is None, request.frames is None and facts.frame_step > 1
    if space.asked.policy == "course":
        return Words(f"{text} is the course's choice for this much free memory", f"{text} 是课程阶梯在此显存下的选择")
    if not (open_shape or open_frames):
        return Words(f"{text} as asked", f"尺寸按要求：{text}")
    largest = max((h * w for h, w in facts.ladder), default=0) * max(facts.frames_ladder)
    if volume((need.way.height, need.way.width, need.way.frames)) >= largest:
        return Words(f"{text} is the largest that this model is made for", f"{text} 是该模型支持的最大尺寸")
    return Words(f"{text} is the largest of its sizes that fits", f"{text} 是装得下的最大尺寸")


def _memory(space: Space, need: Need) -> Words:
    free, needs = format_bytes(space.budget.free_bytes), format_bytes(need.device_bytes)
    if space.budget.device == "cpu":
        return Words(
            f"on the CPU everything stays in memory: {needs} with the libraries, {free} free",
            f"在 CPU 上全部常驻内存：连同程序库需要 {needs}，空闲 {free}",
        )
    if not space.moves:
        return Words(
            f"GPU and host share one memory: {needs} with the libraries, and a part that is there twice while it is "
            f"brought to the GPU; {MARGIN:.0%} of the {free} free may be used",
            f"显卡和主机共用一块内存：连同程序库需要 {needs}，搬上显卡时一个部件会暂时占两份；"
            f"空闲 {free}，最多用其中 {MARGIN:.0%}",
        )
    likely = format_bytes(need.prediction.reserved_bytes)
    return Words(
        f"{likely} of GPU memory predicted, {needs} at the upper end; {MARGIN:.0%} of the {free} free may be used",
        f"预测占用显存 {likely}，上限 {needs}；空闲 {free}，最多用其中 {MARGIN:.0%}",
    )


def _placement(space: Space, need: Need) -> Words:
    way, words = need.way, Words(*_PLACES[need.way.placement])
    if way.placement == "resident" and way.text_on_cpu:
        return Words("all other parts stay on the GPU", "其余部件常驻显存")
    if way.placement != "resident" and space.asked.placement is None:
        for other in space.needs((way.height, way.width, way.frames)):
            if (other.way.placement, other.way.float8, other.way.tiling) == ("resident", way.float8, way.tiling):
                needs = format_bytes(other.device_bytes)
                return words + Words(f": all parts together would need {needs}", f"：全部常驻需要 {needs}")
    return words


def _text(need: Need) -> Words | None:
    if not need.way.text_on_cpu:
        return None
    encoders = format_bytes(sum(p.bytes() for p in need.facts.parts if p.role == "text"))
    return Words(
        f"the text encoder ({encoders}) stays on the CPU and works first: slower there, but once per prompt",
        f"文本编码器（{encoders}）留在 CPU 上先运行：慢一些，但每条提示词只算一次",
    )


def _setter(need: Need) -> Words:
    peak = need.prediction.peak
    phase = named(PHASES, peak.name).zh
    return Words(f"the peak comes in phase {peak.name}: {peak.setter}", f"峰值出现在{phase}阶段：{peak.setter}")


def _dtype(space: Space, need: Need) -> Words | None:
    if need.way.float8:
        return Words(
            "the denoiser's weights are stored in float8 and computed in half precision (layerwise casting)",
            "去噪网络权重以 float8 存放，计算时逐层转回半精度（layerwise casting）",
        )
    if space.card.defaults["dtype"] == "bfloat16" and need.way.dtype == "float16" and space.asked.dtype is None:
        return Words("this GPU has no bfloat16, so float16", "这块显卡不支持 bfloat16，改用 float16")
    return None


def _attention(space: Space) -> Words | None:
    if space.fused() or space.asked.attention is not None:
        return None
    if space.attention() == "math":
        return Words(
            "this GPU has no fused attention here: the table of scores is kept whole, which takes memory",
            "这块显卡没有融合注意力：要存下整张注意力分数表，多占显存",
        )
    if space.budget.device == "mps":
        return Words(
            "Apple's GPU has no fused attention, and plain attention was not traced here: the true peak is higher",
            "苹果的显卡没有融合注意力，而这里没有追踪过普通注意力：实际峰值会更高",
        )
    return Words(
        "this GPU has no flash attention: reckoned with torch's memory-efficient kernel, which takes float16",
        "这块显卡没有 flash 注意力：按 torch 的省显存内核估计（它支持 float16）",
    )


def _apple(space: Space) -> Words | None:
    if space.budget.device != "mps":
        return None
    return Words(
        "this kit never ran on Apple's GPU: the numbers are those of NVIDIA's allocator; what Apple's GPU cannot do is "
        "done on the CPU (PYTORCH_ENABLE_MPS_FALLBACK=1, set before torch is imported)",
        "本工具包从没在苹果显卡上跑过：数字按 NVIDIA 的分配器推算；苹果显卡做不了的运算改在 CPU 上做"
        "（导入 torch 之前设好 PYTORCH_ENABLE_MPS_FALLBACK=1）",
    )


def _lifted(need: Need) -> Words | None:
    for phase in need.facts.phases:
        if phase.dtype != need.facts.part(phase.part).dtype:
            return Words(
                f"{phase.part} is lifted to {phase.dtype} while it works, as the pipeline does by itself",
                f"{phase.part} 工作时临时转成 {phase.dtype}，管线自己会这样做",
            )
    return None


def _parts_away(space: Space) -> Words | None:
    away = [name for name, value in space.card.facts.options.items() if value is None]
    if not away:
        return None
    said = ", ".join(f"{name}=None" for name in away)
    return Words(f"loaded with {said}: these parts are not there", f"载入时写 {said}：不带这些部件")


def _call(space: Space, request: Request) -> Words:
    guided = "with guidance above 1, which keeps both sides", "按 CFG 大于 1 计算（同时算正负两侧）"
    if request.guidance is not None and request.guidance <= 1:
        guided = "with guidance, so that without it this is an upper bound", "按有 CFG 计算，不用 CFG 时这是上界"
    if space.card.kind == "video":
        return Words(f"reckoned {guided[0]}", guided[1])
    start = "and for a picture from nothing: one to start from is encoded besides", "从零画起；以图生图另要编码那张图"
    return Words(f"reckoned {guided[0]}, {start[0]}", f"{guided[1]}，{start[1]}")


def _bound(need: Need) -> Words | None:
    if need.traced:
        return None
    bound = size((need.facts.height, need.facts.width, need.facts.frames))
    return Words(
        f"this size was not traced: the numbers are those of {bound}, an upper bound",
        f"此尺寸没有追踪数据：按 {bound} 估计，是上限",
    )
