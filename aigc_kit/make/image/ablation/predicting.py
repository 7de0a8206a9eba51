"""Rows by the X-ray, for a GPU that need not be here."""

import json
from collections.abc import Mapping
from dataclasses import replace

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, Card, FrozenMap, Request, Words
from aigc_kit.make.diffusion.needs import figures
from aigc_kit.make.image.ablation.rows import PLAIN, SWITCHES, Row, Scene, Switch, Table, effect_of, why
from aigc_kit.memory.plan.options import MARGIN, complete
from aigc_kit.memory.plan.search import Need, Way, need
from aigc_kit.models import cards

_UNTIMED = ("math", "xformers", "sliced")  # the estimate counts operations, and these do the same ones


def predict(request: Request, budget: Budget) -> Table:
    """The table of a model on a GPU, from the traces that ship with the kit: no weights, no GPU.

    Args:
        request: names the card; size, steps and batch may be given. A size that is left open is the model's own.
        budget: of a GPU, such as `aigc_kit.memory.plan.machines.a_gpu(name="RTX4090")`.

    Raises:
        BadInput: a CPU (what it takes is measured), no image card, or values that the model cannot do.
    """
    card = cards.get(request.card)
    if budget.device != "cuda" or card.kind != "image":
        raise BadInput(
            asked=f"the ablation of {card.name} on {budget.name}, predicted",
            found="predictions are for image models on GPUs",
            todo="use ablation.measure on this machine, or machines.a_gpu(name='RTX4090')",
        )
    if request.height is None and request.width is None:
        height, width = card.facts.ladder[0]
        request = request.change(height=height, width=width)
    request, _ = complete(request, card)
    found = {switch.name: row_need(switch, request, budget, card) for switch in SWITCHES}
    scene = scene_of(request, card, tile_of(card.name))
    rows = tuple(predicted_row(s, found, request, budget, scene) for s in SWITCHES)
    return table_of(rows, request, budget, "half")


def half_of(card: Card) -> str:
    """The half precision that a model is used in."""
    own = card.defaults["dtype"]
    return own if own in {"float16", "bfloat16"} else "float16"


def row_need(switch: Switch, request: Request, budget: Budget, card: Card) -> Need | None:
    """What a row needs; None where no trace tells."""
    sets = {"dtype": half_of(card), **PLAIN, **switch.sets}
    way = Way(
        height=request.height or 0,
        width=request.width or 0,
        frames=1,
        batch=request.batch,
        dtype=sets["dtype"],
        float8=False,
        attention=sets["attention"],
        placement=sets["placement"],
        text_on_cpu=False,
        slicing=sets["vae_slicing"],
        tiling=sets["vae_tiling"],
    )
    return need(card.name, way, budget)


def predicted_row(
    switch: Switch, needs: Mapping[str, Need | None], request: Request, budget: Budget, scene: Scene
) -> Row:
    """The row of a switch from what all of them need."""
    found = needs[switch.name]
    if found is None:
        said = Words("no trace of this case ships with the kit", "工具包里没有这种情形的追踪数据")
        return Row(switch, "not applicable", said)
    before = needs[compared_with(switch.name, "half")] if switch.name != "baseline" else None
    peaks, then = phases_of(found), phases_of(before) if before else None
    effect = effect_of(switch, peaks, then)
    made = figures(found, request, budget)
    return Row(
        switch,
        "predicted",
        why(switch, effect, peaks, then, scene),
        effect,
        weights=made["weights"],
        peak=made["peak"],
        reserved=made["reserved"],
        seconds=None if switch.name in _UNTIMED else made.get("seconds"),
        phases=FrozenMap(peaks),
        fits=found.device_bytes <= MARGIN * budget.free_bytes,
    )


def phases_of(found: Need) -> dict[str, int]:
    """Phase -> bytes allocated at its peak; text encoders count as one phase."""
    peaks: dict[str, int] = {}
    for phase in found.prediction.phases:
        name = phase.name if phase.name in {"denoise", "decode"} else "text"
        peaks[name] = max(phase.allocated_bytes, peaks.get(name, 0))
    return peaks


def compared_with(name: str, reference: str) -> str:
    """The row with which a row is compared."""
    return "baseline" if name == "half" else reference


def scene_of(request: Request, card: Card, tile: int | None) -> Scene:
    """What the words must know."""
    upcast = bool(card.facts.vae_upcast) and half_of(card) == "float16"
    return Scene(request.height or 0, request.width or 0, request.batch, tile, upcast)


def tile_of(model: str) -> int | None:
    """Side in pixels above which the decoder of a published model tiles, by its config; None where it does not say."""
    file = paths.assets() / "configs" / model / "vae" / "config.json"
    return json.loads(file.read_text(encoding="utf-8")).get("sample_size") if file.is_file() else None


def table_of(rows: tuple[Row, ...], request: Request, budget: Budget, reference: str) -> Table:
    """The table of rows that were made for a request."""
    request = replace(request, steps=request.steps or 1)
    assert request.height and request.width and request.steps
    return Table(
        rows,
        request.card,
        budget.name,
        reference,
        request.height,
        request.width,
        request.batch,
        request.steps,
    )
