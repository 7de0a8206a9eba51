"""Add `aigc xray`: a pipeline's needs, phase by phase."""

import argparse
import json
from typing import Any

from aigc_kit.cli import columns, command
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Figure, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.footprint import ModelFacts, Prediction

MOST_STEPS = 10_000
_SETTINGS = (
    "model",
    "pipeline",
    "height",
    "width",
    "frames",
    "batch",
    "dtype",
    "attention",
    "vae_slicing",
    "vae_tiling",
)
_PHASE_BYTES = {
    "peak_allocated_bytes": "allocated_bytes",
    "peak_reserved_bytes": "reserved_bytes",
    "resident_bytes": "resident_bytes",
    "live_bytes": "activation_bytes",
    "workspace_bytes": "workspace_bytes",
}
_PARTS = Words("part, class, parameters, dtype, weights", "部件, 类, 参数量, 精度, 权重")
_PHASES = Words(
    "phase, on the card: weights, activations, workspace, peak allocated, set by",
    "阶段, 显存中的权重, 激活, 工作区, 分配峰值, 由何操作决定",
)
_PEAK = Words(
    "peak: allocated {allocated}, reserved {reserved} [{low} .. {high}], "
    "with the CUDA context of an otherwise empty card {device}",
    "峰值: 已分配 {allocated}, 已保留 {reserved} [{low} .. {high}], 加上空闲显卡上的 CUDA 上下文 {device}",
)
_FITS = Words("fits in {}, also at the upper end of the interval", "{} 显存放得下（按区间上限也放得下）")
_TIGHT = Words(
    "may fit in {}: the prediction does, the upper end of the interval does not",
    "{} 显存可能放得下：预测值可以，区间上限不行",
)
_NO = Words("does not fit in {}", "{} 显存放不下")
_AT_LEAST = Words("may fit in {}: what was not traced comes on top", "{} 显存不一定放得下：还要加上没有跟踪到的部分")
_BOUND = Words("a lower bound, for these were not traced: {}", "这是下界，下面这些没有跟踪到: {}")
_VERDICTS = {"fits": _FITS, "may fit": _TIGHT, "at least": _AT_LEAST, "does not fit": _NO}
_WORK = Words("operations: {:,.4g} T ({} steps)", "运算量: {:,.4g} T ({} 步)")
_BEFORE = Words("from the traces that ship with the kit; traced with", "取自随套件发布的跟踪结果; 跟踪所用版本")
_NOW = Words("traced now; traced with", "刚刚跟踪; 跟踪所用版本")
_FLOAT32 = Words(
    "no estimate of seconds in float32: some cards compute convolutions in TF32, up to 8 times faster, "
    "and the one published run in float32 tells of one card",
    "FP32 不估用时：有的卡做卷积时用 TF32，最多快 8 倍，公开的 FP32 实测只有一块卡的一行",
)

_STEP_ROWS = {
    "weights": Words("weights", "权重"),
    "gradients": Words("gradients", "梯度"),
    "states": Words("optimizer states", "优化器状态"),
    "activations": Words("activations", "激活"),
}
_TRAINED = Words(
    "{model}: {method}{rank} training of {part}, {width}x{height}{frames}, batch {batch}, {dtype}, {optimizer}, "
    "checkpointing {checkpointing}; {count:,} weights are trained",
    "{model}：{method}{rank} 训练 {part}，{width}x{height}{frames}，批大小 {batch}，{dtype}，优化器 {optimizer}，"
    "梯度检查点 {checkpointing}；训练 {count:,} 个参数",
)
_STEP_PEAK = Words(
    "peak of a step (predicted): allocated {}, reserved {}, with the CUDA context {}; set by {}",
    "一步的峰值（预测）: 已分配 {}, 已保留 {}, 加上 CUDA 上下文 {}；由 {} 决定",
)
_READY = Words(
    "latents and prompts are prepared before; --keep PART leaves a part on the card", "潜变量和文本编码事先算好"
)


_LANGUAGE = Words(
    "{cls}: {params:,} weights in {kind}: {weights}; keys and values of {context} tokens: {cache}; "
    "most alive while the prompt is read: {prefill} (set by {setter}); allocated (predicted): {all}",
    "{cls}：{params:,} 个参数，{kind}：{weights}；{context} 个词元的键和值：{cache}；"
    "读提示词时最多占 {prefill}（由 {setter} 决定）；已分配（预测）：{all}",
)
_STEP_FITS = Words("fits in {}", "{} 显存放得下")
_LANGUAGE_FITS = Words(
    "may fit in {}: the CUDA context and what the allocator takes beyond that come on top",
    "{} 显存可能放得下：还要加上 CUDA 上下文和分配器多占的部分",
)

# Options that belong together, with the values that stand for "not given".
_OF_A_RUN = ("placement", "attention", "vae_slicing", "vae_tiling", "lora", "gpu", "steps", "quant", "place")
_OF_TRAINING = ("rank", "checkpointing", "optimizer", "trained_dtype", "keep")
_OF_LANGUAGE = ("context", "weights")
_UNGIVEN = {"placement": "resident", "attention": "sdpa"}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = command(subparsers, "xray", run, "what a pipeline would need on a GPU, phase by phase, without one")
    parser.add_argument("model", metavar="MODEL|PATH", help="a known model, or a folder of configs (model_index.json)")
    for name, word in (("height", "pixels"), ("width", "pixels"), ("frames", "of a video")):
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{word} (default: a usual run)")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="outputs made together")
    parser.add_argument("--dtype", metavar="fp32|fp16|bf16", help="default: bf16 for videos and new models, else fp16")
    parser.add_argument("--placement", default="resident", metavar="resident|model|sequential|group")
    parser.add_argument("--attention", default="sdpa", metavar="sdpa|math|sliced")
    parser.add_argument("--vae-slicing", action="store_true", help="decode one image at a time")
    parser.add_argument("--vae-tiling", action="store_true", help="decode one tile at a time")
    parser.add_argument("--lora", type=int, metavar="RANK", help="with an adapter of this rank")
    parser.add_argument("--vram", metavar="SIZE", help="say whether it fits in this much, such as 8GiB")
    parser.add_argument("--gpu", metavar="NAME", help="estimate the time on this card, such as RTX4090")
    parser.add_argument("--steps", type=int, metavar="N", help="denoising steps for that estimate")
    parser.add_argument("--fresh", action="store_true", help="trace now, even where a trace ships with the kit")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    for option, words in (("quant", "nf4, int8, int8wo or fp8"), ("place", "cuda, cpu, model, group or sequential")):
        help_ = f"{words} for a part, such as transformer={words.split(',')[0]}; again for another"
        parser.add_argument(f"--{option}", action="append", default=[], metavar="PART=HOW", help=help_)
    language = parser.add_argument_group("language models: a folder with transformers' config.json")
    language.add_argument("--context", type=int, metavar="N", help="tokens of the prompt (default: 4096)")
    language.add_argument("--weights", metavar="KIND", help="a dtype, or a GGUF type such as Q4_0 (default: bf16)")
    add_training(parser)


def run(args: argparse.Namespace) -> int:
    """Print the X-ray."""
    from aigc_kit.core import units
    from aigc_kit.memory import footprint
    from aigc_kit.memory.footprint.bytes import STORED, full_name

    if args.train is not None:
        refuse(args, (*_OF_A_RUN, *_OF_LANGUAGE), "not options of training", "leave them out, or --train")
        return run_training(args)
    from pathlib import Path

    config = Path(args.model).expanduser() / "config.json"
    if config.is_file() and not config.with_name("model_index.json").exists():
        from aigc_kit.memory.xray import language

        if language.is_language(args.model):
            names = (*_OF_A_RUN, *_OF_TRAINING, "height", "width", "frames")
            refuse(args, names, f"{args.model} is a language model", "leave them out; --weights Q4_0 stores weights so")
            return run_language(args)
    refuse(args, _OF_TRAINING, "options of training", "add --train lora or --train full")
    refuse(args, _OF_LANGUAGE, f"{args.model} is no folder of a language model", "leave them out; --quant is for parts")
    if args.placement not in footprint.PLACEMENTS:
        todo = f"choose one of {list(footprint.PLACEMENTS)}"
        raise BadInput(asked=f"placement {args.placement!r}", found="unknown", todo=todo)
    if args.steps is not None and not 1 <= args.steps <= MOST_STEPS:
        todo = f"choose --steps from 1 to {MOST_STEPS:,}"
        raise BadInput(asked=f"--steps {args.steps}", found="more steps than any run has, or none", todo=todo)
    if args.steps is not None and args.gpu is None:
        raise BadInput(asked=f"--steps {args.steps}", found="no card to estimate the time on", todo="add --gpu RTX4090")
    vram = units.parse_bytes(args.vram) if args.vram is not None else None
    formats, places = (_pairs(pairs, name) for pairs, name in ((args.quant, "--quant"), (args.place, "--place")))
    formats = {part: full_name(kind, STORED) for part, kind in formats.items()}
    facts, from_file = _facts(args, formats)
    placement = {**footprint.spread(facts, args.placement), **places} if places else args.placement
    prediction = footprint.predict(facts, placement)
    time = footprint.seconds(facts, args.gpu, args.steps, placement) if args.gpu is not None else None
    if args.json:
        print(json.dumps(as_record(facts, prediction, time, from_file, vram), ensure_ascii=False, indent=1))
    else:
        print("\n".join(as_lines(facts, prediction, time, from_file, vram, args.lang)))
        if args.gpu is not None and footprint.works_in_float32(facts):
            print(getattr(_FLOAT32, args.lang))
    return 0


def _pairs(pairs: list[str], option: str) -> dict[str, str]:
    """Read PART=HOW, or raise a BadInput."""
    for pair in pairs:
        if pair.count("=") != 1 or not all(pair.split("=")):
            raise BadInput(asked=f"{option} {pair!r}", found="not PART=HOW", todo=f"write {option} transformer=...")
    return dict(pair.split("=") for pair in pairs)


def _facts(args: argparse.Namespace, formats: dict[str, str]) -> tuple[ModelFacts, bool]:
    """Trace the facts, or take those traced before.

    With weights in other formats they are traced: their layers work in another way.
    """
    from aigc_kit.memory import footprint
    from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, full_name

    usual = footprint.usual(args.model)
    dtype = (usual or {}).get("dtype", "float16") if args.dtype is None else full_name(args.dtype, COMPUTE_DTYPES)
    options, sizes = (args.attention, args.vae_slicing, args.vae_tiling), (args.height, args.width, args.frames)
    if usual and not args.fresh and args.lora is None and not formats:
        defaults = (usual[name] for name in ("height", "width", "frames"))
        height, width, frames = (b if a is None else a for a, b in zip(sizes, defaults, strict=True))
        facts = footprint.cached(args.model, height, width, frames, args.batch, dtype, *options)
        if facts is not None:
            return facts, True
    from aigc_kit.memory.xray import trace

    return trace(args.model, *sizes, args.batch, dtype, *options, lora_rank=args.lora, stored=formats), False


def as_record(
    facts: ModelFacts, prediction: Prediction, time: Figure | None, cached: bool, vram: int | None = None
) -> dict[str, Any]:
    """Turn the X-ray into bytes, operations, seconds or None."""
    from aigc_kit.core.types import as_json

    phases = []
    for phase, cost in zip(prediction.phases, facts.phases, strict=True):
        row = {"name": phase.name, "part": phase.part, "where": phase.where, "dtype": cost.dtype}
        row |= {name: getattr(phase, attribute) for name, attribute in _PHASE_BYTES.items()}
        phases.append({**row, "setter": phase.setter, "flops": cost.flops, "calls": cost.calls, "per": cost.per})
    return {
        **{name: getattr(facts, name) for name in _SETTINGS},
        "placement": dict(prediction.placement),
        "parameters": {part.name: part.params for part in facts.parts},
        "weights_bytes": facts.weights_bytes,
        "phases": phases,
        "peak_allocated_bytes": prediction.allocated_bytes,
        "peak_reserved_bytes": prediction.reserved_bytes,
        "interval": list(prediction.interval),
        "allocated_interval": list(prediction.allocated_interval),
        "context_bytes": prediction.context_bytes,
        "ram_bytes": prediction.ram_bytes,
        "setter": str(prediction.setter),
        "flops": run_flops(facts),
        "seconds": as_json(time) if time is not None else None,
        "how": "predicted",
        "vram_bytes": vram,
        "verdict": verdict(facts, prediction, vram) if vram is not None else None,
        "untraced": list(facts.untraced),
        "source": str(prediction.source),
        "traced_with": facts.traced_with,
        "traced": "before" if cached else "now",
    }


def verdict(facts: ModelFacts, prediction: Prediction, vram: int) -> str:
    """Tell whether it fits: a key of `_VERDICTS`."""
    if prediction.device_bytes > vram:
        return "does not fit"
    if facts.untraced:
        return "at least"
    return "fits" if prediction.safe_bytes <= vram else "may fit"


def run_flops(facts: ModelFacts, steps: int | None = None) -> int:
    """Count operations of a whole run."""
    times = {"run": 1, "step": steps or facts.steps, "token": facts.tokens}
    return sum(phase.flops * phase.calls * times[phase.per] for phase in facts.phases)


def as_lines(
    facts: ModelFacts, prediction: Prediction, time: Figure | None, cached: bool, vram: int | None, lang: str
) -> list[str]:
    """Write the X-ray as text."""
    size = f"{facts.width}x{facts.height}" + (f"x{facts.frames}" if facts.frames > 1 else "")
    size = size if facts.height else f"{facts.tokens} tokens"
    lines = [f"{facts.model} ({facts.pipeline})  {size}  batch {facts.batch}  {facts.dtype}  {facts.attention}", ""]
    parts = [(p.name, p.cls, f"{p.params:,}", p.dtype, format_bytes(p.bytes())) for p in facts.parts]
    lines += [*columns((getattr(_PARTS, lang).split(", "), *parts)), ""]
    rows = []
    for phase in prediction.phases:
        sizes = (phase.resident_bytes, phase.activation_bytes, phase.workspace_bytes, phase.allocated_bytes)
        name = phase.name + ("" if phase.where == "cuda" else " (CPU)")
        rows.append((name, *map(format_bytes, sizes), phase.setter))
    lines += [*columns((getattr(_PHASES, lang).split(", "), *rows)), ""]
    low, high = map(format_bytes, prediction.interval)
    peaks = {name: format_bytes(getattr(prediction, f"{name}_bytes")) for name in ("allocated", "reserved", "device")}
    lines.append(getattr(_PEAK, lang).format(low=low, high=high, **peaks))
    if vram is not None:
        lines.append(getattr(_VERDICTS[verdict(facts, prediction, vram)], lang).format(format_bytes(vram)))
    if facts.untraced:
        lines.append(getattr(_BOUND, lang).format("; ".join(facts.untraced)))
    lines.append(getattr(_WORK, lang).format(run_flops(facts) / 1e12, facts.steps))
    if time is not None:
        lines.append(str(time))
    origin = getattr(_BEFORE if cached else _NOW, lang)
    lines.append(f"{origin} {facts.traced_with}; {getattr(Words.of(prediction.source), lang)}")
    return lines


def add_training(parser: argparse.ArgumentParser) -> None:
    """Register the options of training."""
    group = parser.add_argument_group("training, instead of a run")
    group.add_argument("--train", choices=("lora", "full"), help="what a training step takes")
    group.add_argument("--rank", type=int, metavar="N", help="of the low-rank pairs (default: 8)")
    group.add_argument("--checkpointing", action="store_true", help="make inner results again in the backward pass")
    group.add_argument("--optimizer", metavar="adamw|adamw8bit|adafactor|sgd", help="default: adamw")
    group.add_argument("--trained-dtype", metavar="fp32|bf16|fp16", help="of trained weights (default: fp32)")
    group.add_argument("--keep", action="append", metavar="PART", help="a part that stays on the card")


def refuse(args: argparse.Namespace, names: tuple[str, ...], found: str, todo: str) -> None:
    """Refuse options that would change nothing (BadInput)."""
    values = {name: getattr(args, name) for name in names}
    given = [n for n, v in values.items() if v is not None and v is not False and v not in ([], _UNGIVEN.get(n))]
    if given:
        raise BadInput(asked=", ".join(f"--{name.replace('_', '-')}" for name in given), found=found, todo=todo)


def run_training(args: argparse.Namespace) -> int:
    """Print the X-ray of a training step."""
    from aigc_kit.core import units
    from aigc_kit.core.types import as_json
    from aigc_kit.memory.footprint.step_needs import as_parts, predict_training
    from aigc_kit.memory.xray.training import train

    vram = units.parse_bytes(args.vram) if args.vram is not None else None
    facts = train(
        args.model,
        args.train,
        8 if args.rank is None else args.rank,
        args.height,
        args.width,
        args.frames,
        args.batch,
        "bfloat16" if args.dtype is None else args.dtype,
        args.trained_dtype or "float32",
        args.checkpointing,
        args.optimizer or "adamw",
        tuple(args.keep or ()),
    )
    need = predict_training(facts)
    verdict = None if vram is None else "fits" if need.device_bytes <= vram else "does not fit"
    if args.json:
        record = {**as_json(facts), **as_json(need), "vram_bytes": vram, "verdict": verdict, "how": "predicted"}
        print(json.dumps(record, ensure_ascii=False, indent=1))
        return 0
    told = {**vars(facts), "count": facts.trained_params}
    told["rank"] = f" {facts.rank}" if facts.rank else ""
    told["frames"] = f"x{facts.frames}" if facts.frames > 1 else ""
    print(getattr(_TRAINED, args.lang).format(**told))
    for name, size in as_parts(need).items():
        print(f"  {getattr(_STEP_ROWS[name], args.lang)}: {format_bytes(size)}")
    sizes = map(format_bytes, (need.allocated_bytes, need.reserved_bytes, need.device_bytes))
    print(getattr(_STEP_PEAK, args.lang).format(*sizes, need.setter))
    print(getattr(_READY, args.lang))
    if vram is not None:
        print(getattr(_STEP_FITS if verdict == "fits" else _NO, args.lang).format(format_bytes(vram)))
    return 0


def run_language(args: argparse.Namespace) -> int:
    """Print the X-ray of a language model."""
    from aigc_kit.core import units
    from aigc_kit.core.types import as_json
    from aigc_kit.memory.xray.language import read

    vram = units.parse_bytes(args.vram) if args.vram is not None else None
    context = 4096 if args.context is None else args.context
    facts = read(args.model, context, args.batch, args.weights or args.dtype or "bfloat16")
    total = facts.allocated_bytes
    verdict = None if vram is None else "may fit" if total <= vram else "does not fit"
    if args.json:
        record = {**as_json(facts), "allocated_bytes": total, "vram_bytes": vram, "verdict": verdict}
        print(json.dumps({**record, "how": "predicted"}, ensure_ascii=False, indent=1))
        return 0
    sizes = {"weights": facts.weights_bytes, "cache": facts.cache_bytes, "prefill": facts.prefill_bytes, "all": total}
    told = {**vars(facts), **{name: format_bytes(size) for name, size in sizes.items()}}
    print(getattr(_LANGUAGE, args.lang).format(**told))
    if vram is not None:
        print(getattr(_LANGUAGE_FITS if verdict == "may fit" else _NO, args.lang).format(format_bytes(vram)))
    return 0
