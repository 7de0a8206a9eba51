"""Hold switches, rows and the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aigc_kit.core.errors import UnknownName
from aigc_kit.core.types import HOW, Figure, FrozenMap, Words
from aigc_kit.core.units import format_bytes, format_seconds

Effect = Literal["start", "default", "lower", "higher", "elsewhere", "nothing"]
HEADER = ("开关", "怎么来的", "权重", "峰值", "用时", "谁定峰值", "结果与原因")
PHASE_ZH: Mapping[str, str] = FrozenMap(prepare="准备", text="文本编码", denoise="去噪", decode="解码")
NOT_APPLICABLE_ZH = "不适用"
SAME = 0.01  # relative; live tensors of two equal runs differ by less
_MECHANISMS: Mapping[str, tuple[str, str]] = {
    "baseline": ("every number of the weights takes 4 bytes", "每个权重 4 字节"),
    "half": (
        "every number of the weights takes 2 bytes; that is a cast, not quantisation (E9)",
        "每个权重 2 字节；这是换精度，不是量化",
    ),
    "math": (
        "the table of scores (positions x positions, for every head) is kept whole",
        "注意力分数表（位置×位置×头数）整张存下来",
    ),
    "sdpa": ("it is what torch 2 does unasked", "PyTorch 2 起这就是默认做法，不用打开"),
    "xformers": ("like SDPA it never keeps the table of scores", "和 SDPA 一样从不存整张分数表"),
    "sliced": (
        "it replaces SDPA by plain products over half of the heads at a time: SDPA keeps no table of scores at all, so "
        "there is nothing to save beside it (E11)",
        "它用“一次算一半头”的普通乘法换下了 SDPA，而 SDPA 本来就不存分数表，所以在它旁边切片省不了什么",
    ),
    "vae_slicing": ("pictures of a batch are decoded one after the other", "一批里的图一张一张解码"),
    "vae_tiling": (
        "the picture is decoded in tiles that overlap and are blended",
        "整张图拆成重叠的小块解码，再把接缝混合",
    ),
    "model": ("only the part at work is on the card", "只有正在工作的部件在显存里"),
    "sequential": (
        "only the module at work is on the card; its weights are brought anew in every step, which takes time",
        "只有正在计算的模块在显存里；每一步都要重新搬运权重，所以慢",
    ),
    "group": ("only the block at work and the next one are on the card", "只有正在计算的一组和下一组在显存里"),
}


@dataclass(frozen=True)
class Switch:
    """Hold one thing to switch on.

    Args:
        name: as used in code.
        zh: as shown.
        call: how diffusers 0.42 is told.
        sets: settings of a request (`aigc_kit.memory.plan`) that differ from PLAIN.
    """

    name: str
    zh: str
    call: str
    sets: Mapping[str, Any] = field(default_factory=FrozenMap)


PLAIN: Mapping[str, Any] = FrozenMap(
    attention="sdpa", placement="resident", text_on_cpu=False, vae_slicing=False, vae_tiling=False
)
_GROUP = "apply_group_offloading(part, ..., offload_type='block_level', num_blocks_per_group=1)"
_XFORMERS = "pipe.enable_xformers_memory_efficient_attention()"
SWITCHES = (
    Switch("baseline", "基线 FP32", "from_pretrained(..., dtype=torch.float32)", FrozenMap(dtype="float32")),
    Switch("half", "半精度", "from_pretrained(..., dtype=torch.float16, variant='fp16')"),
    Switch("math", "注意力 math", "pipe.unet.set_attn_processor(AttnProcessor())", FrozenMap(attention="math")),
    Switch("sdpa", "注意力 SDPA", "（默认，不用写）"),
    Switch("xformers", "注意力 xformers", _XFORMERS, FrozenMap(attention="xformers")),
    Switch("sliced", "注意力切片", "pipe.enable_attention_slicing()", FrozenMap(attention="sliced")),
    Switch("vae_slicing", "VAE 切片", "pipe.vae.enable_slicing()", FrozenMap(vae_slicing=True)),
    Switch("vae_tiling", "VAE 分块", "pipe.vae.enable_tiling()", FrozenMap(vae_tiling=True)),
    Switch("model", "整块卸载", "pipe.enable_model_cpu_offload()", FrozenMap(placement="model")),
    Switch("sequential", "逐模块卸载", "pipe.enable_sequential_cpu_offload()", FrozenMap(placement="sequential")),
    Switch("group", "分组卸载", _GROUP, FrozenMap(placement="group")),
)


@dataclass(frozen=True)
class Row:
    """Hold what one switch does.

    Args:
        switch: which; `name` and `zh` of the row are its.
        how: where the numbers come from.
        why: whether it moves the peak, or does nothing here, and why; of a row that is not applicable, what is missing.
        effect: "start" (nothing to compare with), "default" (it is on already), "lower" or "higher" (the peak moves),
            "elsewhere" (a phase moves, but another one sets the peak), "nothing"; None where not applicable.
        weights: bytes of all parts, wherever they are.
        peak: bytes at the highest moment on the device, its weights included.
        reserved: bytes taken from the driver (CUDA), else None.
        seconds: of a run without loading; None where no rule tells them (kernels of attention).
        phases: "text" | "denoise" | "decode" -> bytes at the phase's highest moment; empty where not followed.
        fits: whether it fits the budget, with the margin of plans; None where measured.
    """

    switch: Switch
    how: Literal["measured", "predicted", "not applicable"]
    why: Words
    effect: Effect | None = None
    weights: Figure | None = None
    peak: Figure | None = None
    reserved: Figure | None = None
    seconds: Figure | None = None
    phases: Mapping[str, int] = field(default_factory=FrozenMap)
    fits: bool | None = None

    @property
    def name(self) -> str:
        """Name its switch."""
        return self.switch.name

    @property
    def zh(self) -> str:
        """Name its switch, as shown."""
        return self.switch.zh

    @property
    def setter(self) -> str | None:
        """Find the phase that sets the peak, if any."""
        return setter(self.phases)

    def cells(self) -> tuple[str, ...]:
        """Write the row in Chinese, in the order of HEADER."""
        how = HOW[self.how].zh if self.how in HOW else NOT_APPLICABLE_ZH
        phase = PHASE_ZH[self.setter] if self.setter else "-"
        figures = (self.weights, self.peak, self.seconds)
        return (self.zh, how, *(f.text if f else "-" for f in figures), phase, self.why.zh)


@dataclass(frozen=True)
class Table:
    """Hold all rows of one model on one machine.

    Args:
        rows: in the order of SWITCHES.
        card: name of the model.
        where: name of the device.
        reference: name of the row with which the rows after "half" are compared.
        height, width: pixels; batch, steps: of every row.
    """

    rows: tuple[Row, ...]
    card: str
    where: str
    reference: str
    height: int
    width: int
    batch: int
    steps: int

    def __getitem__(self, name: str) -> Row:
        """Find the row of a switch.

        Raises:
            UnknownName: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        todo = Words(f"choose one of {[row.name for row in self.rows]}", f"从 {[row.name for row in self.rows]} 里选")
        raise UnknownName(
            asked=Words(f"row {name!r} of the ablation", f"消融表里的 {name!r} 这一行"),
            found=Words("no row of that name", "没有这个名字的行"),
            todo=todo,
        )

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Write all rows in Chinese, without HEADER."""
        return tuple(row.cells() for row in self.rows)

    def __repr__(self) -> str:
        lines = [f"{self.card} {self.height}x{self.width}, batch {self.batch}, {self.steps} steps, {self.where}"]
        for row in self.rows:
            peak = format_bytes(row.peak.value) if row.peak else "-"
            time = format_seconds(row.seconds.value) if row.seconds else "-"
            lines.append(f"{row.name:<12} {row.how:<14} {peak:>10} {time:>12}  {row.setter or '-':<8} {row.why.en}")
        return "\n".join(lines)


def setter(phases: Mapping[str, int]) -> str | None:
    """Find the phase with the highest peak."""
    return max(phases, key=phases.__getitem__) if phases else None


@dataclass(frozen=True)
class Scene:
    """Hold what the words must know of the runs."""

    height: int
    width: int
    batch: int
    tile: int | None  # side in pixels above which the decoder tiles, where known
    upcast: bool  # a decoder in float16 works in float32 (errata E12)
    cpu: bool = False  # the rows were run on a CPU


def effect_of(switch: Switch, phases: Mapping[str, int], before: Mapping[str, int] | None) -> Effect:
    """Compare the peaks of a row's phases with another row's."""
    if before is None:
        return "start"
    if not switch.sets and switch.name == "sdpa":
        return "default"
    now, then = max(phases.values(), default=0), max(before.values(), default=0)
    if abs(now - then) > SAME * then:
        return "lower" if now < then else "higher"
    return "elsewhere" if _moved(phases, before) else "nothing"


def row_of(
    switch: Switch,
    how: Literal["measured", "predicted"],
    phases: Mapping[str, int],
    before: Mapping[str, int] | None,
    scene: Scene,
    **figures: Any,
) -> Row:
    """Make a row of its phases' peaks, and its why."""
    effect = effect_of(switch, phases, before)
    return Row(switch, how, why(switch, effect, phases, before, scene), effect, phases=FrozenMap(phases), **figures)


def why(
    switch: Switch, effect: Effect, phases: Mapping[str, int], before: Mapping[str, int] | None, scene: Scene
) -> Words:
    """Say what happened to the peak, and why."""
    head, tail = _head(effect, phases, before or {}), _tail(switch, effect, scene)
    return Words(f"{head.en}: {tail.en}", f"{head.zh}：{tail.zh}")


def _head(effect: Effect, phases: Mapping[str, int], before: Mapping[str, int]) -> Words:
    place = setter(phases) or "denoise"
    now, then = max(phases.values(), default=0), max(before.values(), default=0)
    if effect == "start":
        return Words(f"the peak comes in {place}", f"峰值在{PHASE_ZH[place]}阶段")
    if effect == "default":
        return Words("it is on already", "本来就开着")
    if effect in {"lower", "higher"}:
        old, new, change = format_bytes(then), format_bytes(now), f"{now / then - 1:+.0%}"
        en = f"the peak goes from {old} to {new} ({change}), in {place}"
        return Words(en, f"峰值从 {old} 变为 {new}（{change}），在{PHASE_ZH[place]}阶段")
    if effect == "nothing":
        return Words("nothing changes here", "在这里不起作用")
    moves = _moved(phases, before)
    each = [f"{p} {format_bytes(before[p])} -> {format_bytes(phases[p])}" for p in moves]
    each_zh = [f"{PHASE_ZH[p]} {format_bytes(before[p])} → {format_bytes(phases[p])}" for p in moves]
    return Words(
        f"the peak stays, it comes in {place}; what changes is {', '.join(each)}",
        f"峰值不变（在{PHASE_ZH[place]}阶段），变的是{'、'.join(each_zh)}",
    )


def _tail(switch: Switch, effect: Effect, scene: Scene) -> Words:
    idle = effect == "nothing"
    if idle and switch.name == "vae_slicing" and scene.batch == 1:
        return Words("with one picture there is nothing to slice (E10)", "批量为 1，没有可切的")
    whole = scene.tile is not None and max(scene.height, scene.width) <= scene.tile
    if idle and switch.name == "vae_tiling" and whole:
        size = f"{scene.height}x{scene.width}"
        return Words(
            f"its decoder tiles only above {scene.tile} pixels a side, and this is {size}",
            f"这个 VAE 边长超过 {scene.tile} 像素才分块，这里是 {size}",
        )
    if idle and switch.name == "math":
        return Words(
            "the table of scores is kept whole, but at this size it is too small to be seen",
            "注意力分数表整张存下来，但这个尺寸下它小得看不出来",
        )
    en, zh = _MECHANISMS[switch.name]
    if switch.name == "half" and scene.upcast:
        en += "; the VAE still decodes in float32, since it overflows in float16 (E12)"
        zh += "；VAE 在 FP16 会溢出，解码仍用 FP32"
    if switch.name == "half" and scene.cpu:
        en += "; most CPUs have no fast arithmetic for it, so that it saves memory and no time"
        zh += "；多数 CPU 没有 FP16 的快速运算，省的是内存，不是时间"
    return Words(en, zh)


def _moved(phases: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    common = [p for p in phases if p in before]
    return [p for p in common if abs(phases[p] - before[p]) > SAME * before[p]]
