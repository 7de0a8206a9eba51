"""Cards of the video models that this project trained and ships."""

from aigc_kit.cards.diffusion import WAN_1_3B
from aigc_kit.types import Card, FrozenMap, Source

TINYWAN = Card(
    name="tinywan",
    tier="tiny",
    kind="video",
    parts=WAN_1_3B.parts,
    sources=(Source(kind="shipped", ref="models/tinywan"),),
    constraints=FrozenMap(
        languages=("zh", "en"),
        world="tinyworld",
        scale=8,
        max_tokens=512,
        multiple=16,
        smallest=64,
        frame_step=4,
        max_pixels=64 * 112,
        max_frames=17,
        ladder=((64, 112), (64, 64)),
        frames_ladder=(17, 9),
        variant=None,
        vae_upcast=False,
        half=False,  # Wan's decoder overflows in float16 (errata E46), and 17 MB need no saving
        pixel_bytes=300,  # live bytes a pixel and frame: 130 to 430 measured, most of it in the text encoder
    ),
    defaults=FrozenMap(height=64, width=64, steps=20, guidance=3.0, fps=16, dtype="float32"),
    licence="Apache-2.0 (trained by this project on clips drawn by its own program)",
    notes=(
        "自己训练的小 Wan（真的 WanPipeline），只会拍一个封闭的小世界：一个主体，一种运动。",
        "sizes are the nearest to an eighth of the course's: 480x832 -> 64x112; a prompt is first said in the world's "
        "own words",
    ),
)

VIDEO_CARDS = (TINYWAN,)
