"""List the cards of image and video models."""

from functools import partial

from aigc_kit.core.types import Card, Figure, FrozenMap, Words
from aigc_kit.models.cards.facts import DiffusionFacts
from aigc_kit.models.cards.sources import modelscope, shards, shipped, under

_COUNTED = Words("counted on the meta device from the published configs", "按公开的配置，在元设备上数出来")
_CLIP_TOKENIZER = ("merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json")
_T5_TOKENIZER = ("special_tokens_map.json", "spiece.model", "tokenizer.json", "tokenizer_config.json")
_SIZES_1024 = ((1024, 1024), (768, 1024), (768, 768), (512, 512))
_SIZES_480 = ((480, 832), (384, 640), (320, 576), (256, 448))
_PIPELINE = ("model_index.json", "scheduler/scheduler_config.json")
_UNET_AND_VAE = tuple(
    f"{part}/{name}" for part in ("unet", "vae") for name in ("config.json", "diffusion_pytorch_model.fp16.safetensors")
)
_CLIP = ("config.json", "model.fp16.safetensors")
_STABLE = (*_PIPELINE, *under("tokenizer", *_CLIP_TOKENIZER), *under("text_encoder", *_CLIP), *_UNET_AND_VAE)
_UNET = FrozenMap(
    unet="diffusers.UNet2DConditionModel", vae="diffusers.AutoencoderKL", text_encoder="transformers.CLIPTextModel"
)
_picture = partial(
    DiffusionFacts,
    languages=("en",),
    max_tokens=75,
    multiple=8,
    max_pixels=2048 * 2048,
    ladder=_SIZES_1024,
    variant="fp16",
)
_WITHOUT_CHECKER = FrozenMap(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
_clip = partial(DiffusionFacts, languages=("zh", "en"), max_tokens=512, multiple=16, frame_step=4, vae_upcast=False)

SDXL = Card(
    name="sdxl",
    tier="full",
    kind="image",
    parts=_UNET.put(
        pipeline="diffusers.StableDiffusionXLPipeline", text_encoder_2="transformers.CLIPTextModelWithProjection"
    ),
    sources=modelscope(
        "AI-ModelScope/stable-diffusion-xl-base-1.0",
        (*_STABLE, *under("tokenizer_2", *_CLIP_TOKENIZER), *under("text_encoder_2", *_CLIP)),
        "about 6.9 GB: the fp16 files, which load in float32 as well (then with values rounded to half precision)",
    ),
    facts=_picture(options=FrozenMap(add_watermarker=False)),
    defaults=FrozenMap(steps=25, guidance=5.0, dtype="float16"),
    licence="CreativeML Open RAIL++-M (stabilityai/stable-diffusion-xl-base-1.0)",
    params=Figure(3_468_837_867, "parameters", "published", _COUNTED),
    notes=(
        "课程的完整档文生图模型 SDXL 1.0（34.7 亿参数），只懂英文提示词。",
        "native size 1024 x 1024; its VAE overflows in float16, so the pipeline decodes in float32 (errata E12)",
    ),
)

SD15 = Card(
    name="sd15",
    tier="full",
    kind="image",
    parts=_UNET.put(pipeline="diffusers.StableDiffusionPipeline"),
    sources=modelscope(
        "AI-ModelScope/stable-diffusion-v1-5",
        _STABLE,
        "about 2.1 GB: the fp16 files, without the safety checker, which this kit does not load",
    ),
    facts=_picture(
        max_pixels=1024 * 1024,
        ladder=((512, 512), (384, 384), (256, 256)),
        vae_upcast=False,
        options=_WITHOUT_CHECKER,
    ),
    defaults=FrozenMap(steps=25, guidance=7.5, dtype="float16"),
    licence="CreativeML Open RAIL-M (stable-diffusion-v1-5)",
    params=Figure(859_520_964 + 123_060_480 + 83_653_863, "parameters", "published", _COUNTED),
    notes=("较小的文生图模型 SD 1.5（10.7 亿参数），显存小的显卡用它。", "native size 512 x 512"),
)

KOLORS = Card(
    name="kolors",
    tier="full",
    kind="image",
    parts=_UNET.put(pipeline="diffusers.KolorsPipeline", text_encoder="diffusers.pipelines.kolors.ChatGLMModel"),
    sources=modelscope(
        "Kwai-Kolors/Kolors-diffusers",
        (
            *(*_PIPELINE, *under("tokenizer", "tokenizer.model", "tokenizer_config.json"), "text_encoder/config.json"),
            *(f"text_encoder/model.fp16-{i:05d}-of-00003.safetensors" for i in (1, 2, 3)),
            *("text_encoder/model.safetensors.index.fp16.json", *_UNET_AND_VAE),
        ),
        "about 17.8 GB in float16: text encoder 4.91 + 4.90 + 2.68 GB, UNet 5.16 GB, VAE 167 MB, as its publisher's "
        "repository of the same name lists them (main, 2024-07); that ModelScope holds the same files was not checked",
    ),
    facts=_picture(
        languages=("zh", "en"),
        max_tokens=254,
        weighted=False,
        empty_negative="",
        package="sentencepiece",
        max_steps=1100,
    ),
    defaults=FrozenMap(steps=25, guidance=5.0, dtype="float16"),
    licence="Kolors licence: free for academic research, commercial use after registration with the licensor; code "
    "Apache-2.0 (Kwai-Kolors/Kolors, README and MODEL_LICENSE)",
    params=Figure(2_579_458_820 + 6_243_584_000 + 83_653_863, "parameters", "published", _COUNTED),
    notes=(
        "懂中文的文生图模型可图 Kolors：SDXL 的 UNet，文本编码器换成 62 亿参数的 ChatGLM3，中文提示词不用翻译。",
        "reads 256 tokens, two of them its own; its publisher's README recommends 50 steps and guidance 5.0",
        "needs the package sentencepiece: pip install 'aigc-kit[kolors]'; no code of the repository is run",
    ),
)


def _wan(size: str, parts: int, params: int, sizes: tuple[tuple[int, int], ...], download: str, note: str) -> Card:
    return Card(
        name=f"wan2.1-{size.lower()}",
        tier="full",
        kind="video",
        parts=FrozenMap(
            pipeline="diffusers.WanPipeline",
            transformer="diffusers.WanTransformer3DModel",
            vae="diffusers.AutoencoderKLWan",
            text_encoder="transformers.UMT5EncoderModel",
        ),
        sources=modelscope(
            f"Wan-AI/Wan2.1-T2V-{size}-Diffusers",
            (
                *(*_PIPELINE, *under("tokenizer", *_T5_TOKENIZER)),
                *("text_encoder/config.json", *shards("text_encoder/model", 5)),
                *("transformer/config.json", *shards("transformer/diffusion_pytorch_model", parts)),
                *under("vae", "config.json", "diffusion_pytorch_model.safetensors"),
            ),
            f"{download}: the hub keeps float32 files; half of the bytes are dropped on loading",
        ),
        facts=_clip(max_pixels=720 * 1280, max_frames=81, ladder=sizes, frames_ladder=(81, 49, 33, 17, 13, 9, 5)),
        defaults=FrozenMap(steps=20, guidance=6.0, fps=16, dtype="bfloat16"),
        licence="Apache-2.0 (Wan-AI/Wan2.1)",
        params=Figure(params + 126_892_531 + 5_680_910_336, "parameters", "published", _COUNTED),
        notes=(note, "its text encoder umT5-XXL alone takes 11.4 GB in bfloat16 and decides the placement"),
    )


_WAN_1_3B = "课程的完整档文生视频模型 Wan2.1（14 亿参数，另有 57 亿的文本编码器），中英文提示词都懂。"
_WAN_14B = "Wan2.1 的大号（143 亿参数），画面更好，要大显存或逐块搬运。"
WAN_1_3B = _wan("1.3B", 2, 1_418_996_800, _SIZES_480, "about 29 GB", _WAN_1_3B)
WAN_14B = _wan("14B", 12, 14_288_491_584, ((720, 1280), *_SIZES_480), "about 80 GB", _WAN_14B)

TINYSDXL = Card(
    name="tinysdxl",
    tier="tiny",
    kind="image",
    parts=SDXL.parts,
    sources=shipped("tinysdxl"),
    facts=_picture(
        languages=("zh", "en"),
        world="tinyworld",
        scale=8,
        full_ladder=_SIZES_1024,
        smallest=48,  # 384 at full size; at 32 it draws nothing that can be told apart
        max_pixels=256 * 256,
        ladder=((128, 128), (128, 96), (96, 128), (96, 96), (64, 64)),
        variant=None,
        vae_upcast=False,
        options=FrozenMap(add_watermarker=False),
        pace=(0.018, 8.2e-7, 1.9e-6),  # 31 ms a step of 128x128
    ),
    defaults=FrozenMap(steps=20, guidance=3.0, dtype="float32"),
    licence="Apache-2.0 (trained by this project on pictures drawn by its own program)",
    notes=(
        "自己训练的小 SDXL（真的 StableDiffusionXLPipeline），只会画一个封闭的小世界；猫、小狗、鱼和法师的脸画不清楚。",
        "sizes are an eighth of the course's: 1024x768 -> 128x96; a prompt is first said in the world's own words",
    ),
)

TINYWAN = Card(
    name="tinywan",
    tier="tiny",
    kind="video",
    parts=WAN_1_3B.parts,
    sources=shipped("tinywan"),
    facts=_clip(
        world="tinyworld",
        scale=8,
        full_ladder=_SIZES_480,
        smallest=64,  # the shortest side that it was trained on: below, backgrounds vanish
        max_pixels=64 * 112,
        max_frames=17,
        ladder=((64, 112), (64, 64)),
        frames_ladder=(17, 9),
        half=False,  # Wan's decoder overflows in float16 (errata E46), and 17 MB need no saving
        pixel_bytes=300,  # live bytes a pixel and frame: 130 to 430 measured, most of it in the text encoder
        pace=(0.03, 3e-7, 2.2e-6),  # 51 ms a step of 64x64 and 17 frames
    ),
    defaults=FrozenMap(height=64, width=64, steps=20, guidance=3.0, fps=16, dtype="float32"),
    licence="Apache-2.0 (trained by this project on clips drawn by its own program)",
    notes=(
        "自己训练的小 Wan（真的 WanPipeline），只会拍一个封闭的小世界：一个主体，一种运动；旋转的主体常常认不清。",
        "sizes are an eighth of the course's in multiples of 16, at least 64: 480x832 -> 64x112; trained on 64x64 and "
        "64x112, in portrait (112x64) backgrounds repeat; a prompt is first said in the world's own words",
    ),
)

DIFFUSION_CARDS = (TINYSDXL, TINYWAN, SDXL, SD15, KOLORS, WAN_1_3B, WAN_14B)
