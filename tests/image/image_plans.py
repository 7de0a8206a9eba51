"""Plans written by hand, so that these tests do not hang on the planner."""

from dataclasses import replace

from aigc_kit import cards
from aigc_kit.core.types import Budget, FrozenMap, Plan, Request
from aigc_kit.core.units import GIB

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
CPU = Budget("cpu", "a test's CPU", 16 * GIB, 16 * GIB, 16 * GIB, 99 * GIB, FrozenMap(threads=1))


# SDXL's card for a model with one layer of each kind; `here` puts it where AIGC_MODELS_DIR says
SMALL = replace(cards.get("sdxl"), name="small")


def plan_of(prompt="a cat", card=SMALL, dtype="float32", attention="sdpa", vae=None, placement=None, **values):
    """A plan for 64 x 64 pixels in 2 steps unless the values say otherwise."""
    values = {"height": 64, "width": 64, "steps": 2, "guidance": 5.0, **values}
    return Plan(
        request=Request(card=card.name, prompt=prompt).change(**values),
        card=card,
        budget=CPU,
        dtypes=dict.fromkeys(PARTS, dtype),
        placement=placement or dict.fromkeys(PARTS, "cpu"),
        attention=attention,
        vae=vae or {},
        prediction={},
    )
