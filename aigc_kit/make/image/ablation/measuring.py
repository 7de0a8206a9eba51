"""Run rows on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Figure, FrozenMap, Plan, Words
from aigc_kit.make.image import MODALITY
from aigc_kit.make.image.ablation import predicting
from aigc_kit.make.image.ablation.predicting import compared_with, half_of, scene_of
from aigc_kit.make.image.ablation.rows import PLAIN, SWITCHES, Row, Scene, Switch, Table, row_of
from aigc_kit.make.image.comparison import Runner, Side, check_repeats
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
    """Say why a row was not run."""

    reason: Words
    memory: bool = False  # for want of it, so that a prediction still tells something


def measure(plan: Plan, repeats: int = 1) -> Table:
    """Run every row on the machine of a plan.

    Warm-up, then timed runs, in turn where all fit beside each other (a CPU) and alone on a GPU. A row that does not
    fit a GPU is predicted instead, and says so; what this machine cannot do is "not applicable".

    Args:
        plan: by `image.plan_for`: model, prompt, size, steps, batch and seed of every row.
        repeats: timed runs of each row, >= 1; their median is told.

    Raises:
        BadInput: repeats < 1, or a plan for a machine that is only assumed.
        NotOnDisk, CannotLoad: as in `image.run`.
    """
    check_repeats(repeats, usual=1)
    if plan.budget.origin != "probed":
        reason = Words("a machine that is only assumed", "这台机器只是假设的，不在这里")
        todo = Words(
            "use ablation.predict, or plan for this machine with image.plan_for",
            "用 ablation.predict 预测，或用 image.plan_for 为这台机器做方案",
        )
        raise BadInput(
            asked=Words(f"the ablation measured on {plan.budget.name}", "在假设的机器上实测消融"),
            found=reason,
            todo=todo,
        )
    plans, missing = _plans(plan)
    sides = _sides(plans, repeats, missing, alone=plan.budget.device == "cuda")
    reference = "half" if plan.budget.device == "cuda" else "baseline"
    if reference in sides:
        sides["sdpa"] = sides[reference]  # the same plan
    else:
        missing["sdpa"] = missing[reference]
    scene = scene_of(plan.request, plan.card, predicting.tile_of(plan.card.name) or _tile(plans))
    scene = replace(scene, cpu=plan.budget.device == "cpu")
    rows = tuple(_row(switch, sides, missing, plan, scene, reference) for switch in SWITCHES)
    return predicting.table_of(rows, plan.request, plan.budget, reference)


def _plans(wish: Plan) -> tuple[dict[str, Plan], dict[str, _Missing]]:
    """Plan every row, or say why it cannot be run."""
    plans: dict[str, Plan] = {}
    missing: dict[str, _Missing] = {}
    on_cpu = wish.budget.device == "cpu"
    half = half_of(wish.card)
    usual = "float32" if on_cpu else half  # in half precision this machine's rows would only be slower
    for switch in SWITCHES:
        reason = _cannot(switch, on_cpu)
        if reason is not None:
            missing[switch.name] = _Missing(reason)
        elif switch.name != "sdpa":  # it is the row that the others are compared with
            dtype = half if switch.name == "half" else usual
            sets = {"dtype": dtype, **PLAIN, **switch.sets}
            try:
                plan = resolve(wish.request.change(**sets), wish.budget, wish.card)
                plans[switch.name] = _placed(plan, sets["placement"])
            except DoesNotFit as problem:
                missing[switch.name] = _Missing(Words(f"does not fit: {problem.found}", "装不下"), memory=True)
            except BadInput as problem:
                missing[switch.name] = _Missing(Words(problem.found, _NO_SUCH))
    return plans, missing


def _placed(plan: Plan, way: str) -> Plan:
    # for a small model the planner keeps them on the device whatever is asked
    mode = plan.budget.device if way == "resident" else way
    return replace(plan, placement=FrozenMap(dict.fromkeys(plan.placement, mode)))


def _cannot(switch: Switch, on_cpu: bool) -> Words | None:
    if on_cpu and switch.sets.get("placement"):
        return _OFFLOADED
    if switch.name != "xformers" or (not on_cpu and find_spec("xformers")):
        return None
    return _XFORMERS_CPU if on_cpu else _XFORMERS_ABSENT


def _sides(plans: Mapping[str, Plan], repeats: int, missing: dict[str, _Missing], *, alone: bool) -> dict[str, Side]:
    """Run every plan, and note which rows fail."""
    runners = {name: Runner(name, plan, {}) for name, plan in plans.items()}
    if alone:
        for name, runner in runners.items():
            loaded.free(runner.plan.card.name)
            _run({name: runner}, repeats, missing)
            loaded.free(runner.plan.card.name)
    else:
        for turn in range(repeats):
            names = reversed(runners) if turn % 2 else iter(runners)
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
    switch: Switch, sides: Mapping[str, Side], missing: Mapping[str, _Missing], plan: Plan, scene: Scene, reference: str
) -> Row:
    side = sides.get(switch.name)
    if side is None:
        return _unmeasured(switch, missing[switch.name], plan, scene)
    before = None if switch.name == "baseline" else sides.get(compared_with(switch.name, reference))
    where, slack = plan.budget.name, side.reserved_bytes
    times = f"median of {len(side.seconds)} after a warm-up, on {where}"
    return row_of(
        switch,
        "measured",
        _phases(side),
        _phases(before) if before else None,
        scene,
        weights=Figure(side.weight_bytes, "B", "measured", f"tensors counted, on {where}"),
        peak=side.peak,
        reserved=Figure(slack, "B", "measured", f"max_memory_reserved, on {where}") if slack else None,
        seconds=Figure(side.median, "s", "measured", times),
    )


def _unmeasured(switch: Switch, missing: _Missing, plan: Plan, scene: Scene) -> Row:
    """Predict a row for a GPU, or say why not."""
    reason = missing.reason
    if plan.budget.device == "cuda" and missing.memory:
        needs = {s.name: predicting.row_need(s, plan.request, plan.budget, plan.card) for s in SWITCHES}
        row = predicting.predicted_row(switch, needs, plan.request, plan.budget, scene)
        return replace(row, why=Words.join(reason + Words(", hence predicted", "，改为预测"), row.why))
    return Row(switch, "not applicable", reason)


def _phases(side: Side) -> dict[str, int]:
    return {name: size for name, size in side.phases.items() if name in {"text", "denoise", "decode"}}


def _tile(plans: Mapping[str, Plan]) -> int | None:
    """Read above which side a loaded decoder tiles, in pixels."""
    for plan in plans.values():
        if MODALITY.is_loaded(plan):
            config = getattr(MODALITY.engine(plan).parts.get("vae"), "config", None)
            return getattr(config, "sample_size", None)
    return None
