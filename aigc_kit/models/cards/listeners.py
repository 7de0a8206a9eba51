"""Cards of models that write down what they hear; only for checking synthesised speech."""

from aigc_kit.core.types import Card, Figure, FrozenMap, Piece, RemoteFile, Source
from aigc_kit.models.cards.diffusion import modelscope
from aigc_kit.models.cards.facts import ListenerFacts

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
    facts=ListenerFacts(languages=("zh", "en"), longest=30),
    defaults=FrozenMap(language="zh"),
    licence="Apache-2.0 (openai/whisper-base)",
    params=Figure(74_000_000, "parameters", "published", "Radford et al. 2022, table 1: 74 M"),
    notes=(
        "听写模型，用来检查合成的语音读得对不对（7400 万参数），按名字下载：aigc fetch whisper-base。",
        "Whisper base, multilingual",
    ),
)
LISTENER_CARDS = (WHISPER_BASE,)
FONT_CJK = Card(
    name="font-cjk",
    tier="tiny",
    kind="font",
    parts=FrozenMap(font="NotoSansCJKtc-Regular.otf"),
    sources=(
        Source(
            kind="wheel",
            ref="data file of the package cvttf-notosanscjk-regular",
            files=(
                RemoteFile(
                    path="NotoSansCJKtc-Regular.otf",
                    bytes=16_431_292,
                    sha256="f57e46120a3dd025ac993801981849622405d1359b32093b1f046490f7885711",
                    pieces=(
                        Piece(
                            requirement="cvttf-notosanscjk-regular==1.0",
                            wheel_sha256="0a99bbb933cc4237895d3dbd95de65f7b508607872471f1f51d0eb91a5fe7766",
                            member="cvttf_NotoSansCJK_Regular/NotoSansCJKtc-Regular.otf",
                            wheel_bytes=27_408_933,
                        ),
                    ),
                ),
            ),
        ),
    ),
    facts=None,
    defaults=FrozenMap(),
    licence="SIL Open Font License 1.1 (Noto Sans CJK)",
    notes=("图表用的中文字体；系统里已有中文字体时不需要。",),
)
FONT_CARDS = (FONT_CJK,)
