"""Rows that are run on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Figure, FrozenMap, Plan, Words
from aigc_kit.make.image import MODALITY
from aigc_kit.make.image.ablation.predicting import (
    compared_with,
    half_of,
    predicted_row,
    row_need,
    scene_of,
    table_of,
    tile_of,
)
from aigc_kit.make.image.ablation.rows import PLAIN, SWITCHES, Row, Scene, Switch, Table, effect_of, why
from aigc_kit.make.image.comparison import Runner, Side
from aigc_kit.make.run import resolve
from aigc_kit.memory.offload import forget, is_out_of_memory
from aigc_kit.models import loaded

_OFFLOADED = Words(
    "there is no second memory here from which weights could be brought: that needs a GPU",
    "这里没有第二块内存可以来回搬权重，要有显卡才谈得上",
)
_XFORMERS_CPU = Words("xformers has no kernels for a CPU", "xformers 没有 CPU 内核")
_XFORMERS_ABSENT = Words(
    "xformers is not installed; SDPA takes the same memory", "没有安装 xformers；SDPA 占用的内存和它相同"
)
_NO_SUCH = "这个模型没有这种做法"


@dataclass(frozen=True)
class _Missing:
    """Why a row was not run; `memory`: for want of it, so that a prediction still tells something."""

    reason: Words
    memory: bool = False


def measure(made: Plan, repeats: int = 1) -> Table:
    """Run every row on the machine of a plan: warm-up, then timed runs, in turn where all fit beside each other (a CPU)
    and alone on a GPU.

    A row that does not fit a GPU is predicted instead, and says so; what this machine cannot do is "not applicable".

    Args:
        made: by `image.plan_for`: model, prompt, size, steps, batch and seed of every row.
        repeats: timed runs of each row, >= 1; their median is told.

    Raises:
        BadInput: repeats < 1, or a plan for a machine that is only assumed.
        NotOnDisk, CannotLoad: as in `image.run`.
    """
    if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1:
        raise BadInput(asked=f"repeats={repeats!r}", found="not an integer >= 1", todo="choose 1 or more")
    if made.budget.origin != "probed":
        raise BadInput(
            asked=f"the ablation measured on {made.budget.name}",
            found="a machine that is only assumed",
            todo="use ablation.predict, or plan for this machine with image.plan_for",
        )
    plans, missing = _plans(made)
    sides = _sides(plans, repeats, missing, alone=made.budget.device == "cuda")
    reference = "half" if made.budget.device == "cuda" else "baseline"
    if reference in sides:
        sides["sdpa"] = sides[reference]  # the same plan
    else:
        missing["sdpa"] = missing[reference]
    scene = scene_of(made.request, made.card, tile_of(made.card.name) or _tile(plans))
    scene = replace(scene, cpu=made.budget.device == "cpu")
    rows = tuple(_row(switch, sides, missing, made, scene, reference) for switch in SWITCHES)
    return table_of(rows, made.request, made.budget, reference)


def _plans(made: Plan) -> tuple[dict[str, Plan], dict[str, _Missing]]:
    """The plan of every row that can be run, and why the others cannot."""
    plans: dict[str, Plan] = {}
    missing: dict[str, _Missing] = {}
    on_cpu = made.budget.device == "cpu"
    half = half_of(made.card)
    usual = "float32" if on_cpu else half  # in half precision this machine's rows would only be slower
    for switch in SWITCHES:
        reason = _cannot(switch, on_cpu)
        if reason is not None:
            missing[switch.name] = _Missing(reason)
        elif switch.name != "sdpa":  # it is the row that the others are compared with
            dtype = half if switch.name == "half" else usual
            sets = {"dtype": dtype, **PLAIN, **switch.sets}
            try:
                planned = resolve(made.request.change(**sets), made.budget, made.card)
                plans[switch.name] = _placed(planned, sets["placement"])
            except DoesNotFit as problem:
                missing[switch.name] = _Missing(Words(f"does not fit: {problem.found}", "装不下"), memory=True)
            except BadInput as problem:
                missing[switch.name] = _Missing(Words(problem.found, _NO_SUCH))
    return plans, missing


def _placed(planned: Plan, way: str) -> Plan:
    """The plan with its parts placed so: for a small model the planner keeps them on the device whatever is asked."""
    mode = planned.budget.device if way == "resident" else way
    return replace(planned, placement=FrozenMap(dict.fromkeys(planned.placement, mode)))


def _cannot(switch: Switch, on_cpu: bool) -> Words | None:
    if on_cpu and switch.sets.get("placement"):
        return _OFFLOADED
    if switch.name == "xformers":
        if on_cpu:
            return _XFORMERS_CPU
        if find_spec("xformers") is None:
            return _XFORMERS_ABSENT
    return None


def _sides(plans: Mapping[str, Plan], repeats: int, missing: dict[str, _Missing], *, alone: bool) -> dict[str, Side]:
    """Every plan run; rows that fail for want of memory or of an option become missing."""
    runners = {name: Runner(name, plan, {}) for name, plan in plans.items()}
    if alone:
        for name, runner in runners.items():
            loaded.free(runner.plan.card.name)
            _run({name: runner}, repeats, missing)
            loaded.free(runner.plan.card.name)
    else:
        for turn in range(repeats):
            names = list(runners) if turn % 2 == 0 else list(reversed(runners))
            _run({name: runners[name] for name in names}, 1, missing)
    return {name: runner.side() for name, runner in runners.items() if name not in missing}


def _run(runners: Mapping[str, Runner], times: int, missing: dict[str, _Missing]) -> None:
    for name, runner in runners.items():
        try:
            if name not in missing:
                runner.ready()
                for _ in range(times):
                    runner.once()
        except (RuntimeError, MemoryError, BadInput) as error:
            if isinstance(error, BadInput):
                missing[name] = _Missing(Words(error.found, _NO_SUCH))
            elif is_out_of_memory(error):
                missing[name] = _Missing(Words("memory ran out while it ran", "运行时内存不足"), memory=True)
                forget(error)
            else:
                raise


def _row(
    switch: Switch,
    sides: Mapping[str, Side],
    missing: Mapping[str, _Missing],
    made: Plan,
    scene: Scene,
    reference: str,
) -> Row:
    side = sides.get(switch.name)
    if side is None:
        return _unmeasured(switch, missing[switch.name], made, scene)
    first = switch.name == "baseline"
    before = None if first else sides.get(compared_with(switch.name, reference))
    then = _phases(before) if before else None
    peaks = _phases(side)
    effect = effect_of(switch, peaks, then)
    where = made.budget.name
    times = f"median of {len(side.seconds)} after a warm-up, on {where}"
    reserved = side.reserved_bytes
    return Row(
        switch,
        "measured",
        why(switch, effect, peaks, then, scene),
        effect,
        weights=Figure(side.weight_bytes, "B", "measured", f"tensors counted, on {where}"),
        peak=side.peak,
        reserved=Figure(reserved, "B", "measured", f"max_memory_reserved, on {where}") if reserved else None,
        seconds=Figure(side.median, "s", "measured", times),
        phases=FrozenMap(peaks),
    )


def _unmeasured(switch: Switch, missing: _Missing, made: Plan, scene: Scene) -> Row:
    """A row that was not run: predicted where it does not fit a GPU, else not applicable."""
    said = missing.reason
    if made.budget.device == "cuda" and missing.memory:
        needs = {s.name: row_need(s, made.request, made.budget, made.card) for s in SWITCHES}
        row = predicted_row(switch, needs, made.request, made.budget, scene)
        return replace(
            row, why=Words(f"{said.en}, hence predicted; {row.why.en}", f"{said.zh}，改为预测；{row.why.zh}")
        )
    return Row(switch, "not applicable", said)


def _phases(side: Side) -> dict[str, int]:
    """The phases in which a part works."""
    return {name: size for name, size in side.phases.items() if name in {"text", "denoise", "decode"}}


def _tile(plans: Mapping[str, Plan]) -> int | None:
    """Side in pixels above which the decoder tiles, as a loaded model says."""
    for plan in plans.values():
        if MODALITY.is_loaded(plan):
            config = getattr(MODALITY.engine(plan).parts.get("vae"), "config", None)
            return getattr(config, "sample_size", None)
    return None
