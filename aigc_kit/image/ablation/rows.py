"""Switches, rows and the table: records only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aigc_kit.errors import UnknownName
from aigc_kit.types import HOW_ZH, Figure, FrozenMap, Reason
from aigc_kit.units import format_bytes, format_seconds

Effect = Literal["start", "default", "lower", "higher", "elsewhere", "nothing"]
HEADER = ("开关", "怎么来的", "权重", "峰值", "用时", "谁定峰值", "结果与原因")
PHASE_ZH: Mapping[str, str] = FrozenMap(prepare="准备", text="文本编码", denoise="去噪", decode="解码")
NOT_APPLICABLE_ZH = "不适用"


@dataclass(frozen=True)
class Switch:
    """One thing to switch on.

    Args:
        name: as used in code.
        zh: as shown.
        call: how diffusers 0.42 is told.
        sets: settings of a request (`aigc_kit.plan`) that differ from PLAIN.
    """

    name: str
    zh: str
    call: str
    sets: Mapping[str, Any] = field(default_factory=FrozenMap)


PLAIN: Mapping[str, Any] = FrozenMap(
    attention="sdpa", placement="resident", text_on_cpu=False, vae_slicing=False, vae_tiling=False
)
_SLICED = "pipe.enable_attention_slicing()"
_GROUP = "apply_group_offloading(part, ..., offload_type='block_level', num_blocks_per_group=1)"
SWITCHES = (
    Switch("baseline", "基线 FP32", "from_pretrained(..., dtype=torch.float32)", FrozenMap(dtype="float32")),
    Switch("half", "半精度", "from_pretrained(..., dtype=torch.float16, variant='fp16')"),
    Switch("math", "注意力 math", "pipe.unet.set_attn_processor(AttnProcessor())", FrozenMap(attention="math")),
    Switch("sdpa", "注意力 SDPA", "（默认，不用写）"),
    Switch(
        "xformers",
        "注意力 xformers",
        "pipe.enable_xformers_memory_efficient_attention()",
        FrozenMap(attention="xformers"),
    ),
    Switch("sliced", "注意力切片", _SLICED, FrozenMap(attention="sliced")),
    Switch("vae_slicing", "VAE 切片", "pipe.vae.enable_slicing()", FrozenMap(vae_slicing=True)),
    Switch("vae_tiling", "VAE 分块", "pipe.vae.enable_tiling()", FrozenMap(vae_tiling=True)),
    Switch("model", "整块卸载", "pipe.enable_model_cpu_offload()", FrozenMap(placement="model")),
    Switch("sequential", "逐模块卸载", "pipe.enable_sequential_cpu_offload()", FrozenMap(placement="sequential")),
    Switch("group", "分组卸载", _GROUP, FrozenMap(placement="group")),
)


@dataclass(frozen=True)
class Row:
    """What one switch does.

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
    why: Reason
    effect: Effect | None = None
    weights: Figure | None = None
    peak: Figure | None = None
    reserved: Figure | None = None
    seconds: Figure | None = None
    phases: Mapping[str, int] = field(default_factory=FrozenMap)
    fits: bool | None = None

    @property
    def name(self) -> str:
        """Of the switch."""
        return self.switch.name

    @property
    def zh(self) -> str:
        """Of the switch, as shown."""
        return self.switch.zh

    @property
    def setter(self) -> str | None:
        """The phase that sets the peak; None where none was followed."""
        return setter(self.phases)

    def cells(self) -> tuple[str, ...]:
        """The row as Chinese text, in the order of HEADER."""
        how = HOW_ZH.get(self.how, NOT_APPLICABLE_ZH)
        phase = PHASE_ZH[self.setter] if self.setter else "-"
        figures = (self.weights, self.peak, self.seconds)
        return (self.zh, how, *(f.text if f else "-" for f in figures), phase, self.why.zh)


@dataclass(frozen=True)
class Table:
    """All rows of one model on one machine.

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
        """The row of a switch.

        Raises:
            UnknownName: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        todo = f"choose one of {[row.name for row in self.rows]}"
        raise UnknownName(asked=f"row {name!r} of the ablation", found="no row of that name", todo=todo)

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """All rows as Chinese text, without HEADER."""
        return tuple(row.cells() for row in self.rows)

    def __repr__(self) -> str:
        lines = [f"{self.card} {self.height}x{self.width}, batch {self.batch}, {self.steps} steps, {self.where}"]
        for row in self.rows:
            peak = format_bytes(row.peak.value) if row.peak else "-"
            time = format_seconds(row.seconds.value) if row.seconds else "-"
            lines.append(f"{row.name:<12} {row.how:<14} {peak:>10} {time:>12}  {row.setter or '-':<8} {row.why.en}")
        return "\n".join(lines)


def setter(phases: Mapping[str, int]) -> str | None:
    """The phase with the highest peak."""
    return max(phases, key=phases.__getitem__) if phases else None
