"""Cards of the image models that this project trained and ships."""

from aigc_kit.cards.diffusion import SDXL
from aigc_kit.types import Card, FrozenMap, Source

TINYSDXL = Card(
    name="tinysdxl",
    tier="tiny",
    kind="image",
    parts=SDXL.parts,
    sources=(Source(kind="shipped", ref="models/tinysdxl"),),
    constraints=FrozenMap(
        languages=("zh", "en"),
        world="tinyworld",
        scale=8,
        max_tokens=75,
        multiple=8,
        frame_step=1,
        max_pixels=256 * 256,
        ladder=((128, 128), (128, 96), (96, 128), (96, 96), (64, 64)),
        frames_ladder=(1,),
        variant=None,
        vae_upcast=False,
    ),
    defaults=FrozenMap(steps=20, guidance=3.0, dtype="float32"),
    licence="Apache-2.0 (trained by this project on pictures drawn by its own program)",
    notes=(
        "自己训练的小 SDXL（真的 StableDiffusionXLPipeline），只会画一个封闭的小世界。",
        "sizes are an eighth of the course's: 1024 -> 128, 768 -> 96; a prompt is first said in the world's own words",
    ),
)

IMAGE_CARDS = (TINYSDXL,)
