"""Cards of models that write down what they hear; only for checking synthesised speech."""

from aigc_kit.cards.hub import modelscope
from aigc_kit.types import Card, Figure, FrozenMap

WHISPER_BASE = Card(
    name="whisper-base",
    tier="full",
    kind="listener",
    parts=FrozenMap(model="transformers.WhisperForConditionalGeneration", processor="transformers.WhisperProcessor"),
    sources=modelscope(
        "openai-mirror/whisper-base",
        (
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "preprocessor_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
        ),
        "about 290 MB; never fetched from there by us; a folder $AIGC_MODELS_DIR/whisper-base is used first",
    ),
    constraints=FrozenMap(languages=("zh", "en"), longest=30),
    defaults=FrozenMap(language="zh"),
    licence="Apache-2.0 (openai/whisper-base)",
    params=Figure(74_000_000, "parameters", "published", "Radford et al. 2022, table 1: 74 M"),
    notes=(
        "听写模型，用来检查合成的语音读得对不对（7400 万参数），按名字下载：aigc fetch whisper-base。",
        "Whisper base, multilingual",
    ),
)

LISTENER_CARDS = (WHISPER_BASE,)
