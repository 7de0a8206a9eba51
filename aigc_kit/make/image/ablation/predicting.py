"""Predict rows by the X-ray, for an absent GPU."""

import json
from collections.abc import Mapping

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, Card, Request, Words
from aigc_kit.make.diffusion.needs import figures
from aigc_kit.make.image.ablation.rows import PLAIN, SWITCHES, Row, Scene, Switch, Table, row_of
from aigc_kit.memory.plan.options import MARGIN, complete
from aigc_kit.memory.plan.search import Need, Way, need
from aigc_kit.models import cards

_UNTIMED = ("math", "xformers", "sliced")  # the estimate counts operations, and these do the same ones


def predict(request: Request, budget: Budget) -> Table:
    """Predict the table of a GPU from the kit's traces.

    Args:
        request: names the card; size, steps and batch may be given. A size that is left open is the model's own.
        budget: of a GPU, such as `aigc_kit.memory.plan.machines.a_gpu(name="RTX4090")`.

    Raises:
        BadInput: a CPU (what it takes is measured), no image card, or values that the model cannot do.
    """
    card = cards.get(request.card)
    if budget.device != "cuda" or card.kind != "image":
        reason = Words("predictions are for image models on GPUs", "只能为显卡上的图像模型做预测")
        todo = Words(
            "use ablation.measure on this machine, or machines.a_gpu(name='RTX4090')",
            "在这台机器上用 ablation.measure 实测，或给一块显卡：machines.a_gpu(name='RTX4090')",
        )
        raise BadInput(
            asked=Words(
                f"the ablation of {card.name} on {budget.name}, predicted",
                f"预测 {card.name} 在 {budget.name} 上的消融",
            ),
            found=reason,
            todo=todo,
        )
    if request.height is None and request.width is None:
        height, width = card.facts.ladder[0]
        request = request.change(height=height, width=width)
    request, _ = complete(request, card)
    needs = {switch.name: row_need(switch, request, budget, card) for switch in SWITCHES}
    scene = scene_of(request, card, tile_of(card.name))
    rows = tuple(predicted_row(s, needs, request, budget, scene) for s in SWITCHES)
    return table_of(rows, request, budget, "half")


def half_of(card: Card) -> str:
    """Name the half precision that a model is used in."""
    own = card.defaults["dtype"]
    return own if own in {"float16", "bfloat16"} else "float16"


def row_need(switch: Switch, request: Request, budget: Budget, card: Card) -> Need | None:
    """Reckon what a row needs, or None without a trace."""
    sets = {"dtype": half_of(card), **PLAIN, **switch.sets}
    height, width, decoder = request.height or 0, request.width or 0, (sets["vae_slicing"], sets["vae_tiling"])
    dtype, attention, place = sets["dtype"], sets["attention"], sets["placement"]
    way = Way(height, width, 1, request.batch, dtype, False, attention, place, sets["text_on_cpu"], *decoder)
    return need(card.name, way, budget)


def predicted_row(
    switch: Switch, needs: Mapping[str, Need | None], request: Request, budget: Budget, scene: Scene
) -> Row:
    """Predict the row of a switch from what all need."""
    own = needs[switch.name]
    if own is None:
        reason = Words("no trace of this case ships with the kit", "工具包里没有这种情形的追踪数据")
        return Row(switch, "not applicable", reason)
    before = needs[compared_with(switch.name, "half")] if switch.name != "baseline" else None
    peaks, then = phases_of(own), phases_of(before) if before else None
    fits, every = own.device_bytes <= MARGIN * budget.free_bytes, figures(own, request, budget)
    names = ("weights", "peak", "reserved") if switch.name in _UNTIMED else ("weights", "peak", "reserved", "seconds")
    return row_of(switch, "predicted", peaks, then, scene, fits=fits, **{name: every.get(name) for name in names})


def phases_of(row: Need) -> dict[str, int]:
    """Read each phase's peak in bytes, all text encoders' together."""
    peaks: dict[str, int] = {}
    for phase in row.prediction.phases:
        name = phase.name if phase.name in {"denoise", "decode"} else "text"
        peaks[name] = max(phase.allocated_bytes, peaks.get(name, 0))
    return peaks


def compared_with(name: str, reference: str) -> str:
    """Name the row with which a row is compared."""
    return "baseline" if name == "half" else reference


def scene_of(request: Request, card: Card, tile: int | None) -> Scene:
    """Collect what the words must know."""
    upcast = bool(card.facts.vae_upcast) and half_of(card) == "float16"
    return Scene(request.height or 0, request.width or 0, request.batch, tile, upcast)


def tile_of(model: str) -> int | None:
    """Read a published decoder's size of tiles in pixels."""
    file = paths.assets() / "configs" / model / "vae" / "config.json"
    return json.loads(file.read_text(encoding="utf-8")).get("sample_size") if file.is_file() else None


def table_of(rows: tuple[Row, ...], request: Request, budget: Budget, reference: str) -> Table:
    """Make the table of rows for a request."""
    assert request.height and request.width
    size = (request.height, request.width, request.batch, request.steps or 1)
    return Table(rows, request.card, budget.name, reference, *size)
