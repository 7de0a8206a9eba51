"""List the cards of music models."""

from aigc_kit.core.types import Card, Figure, FrozenMap, Words
from aigc_kit.core.units import MIB
from aigc_kit.models.cards.facts import MusicFacts
from aigc_kit.models.cards.sources import modelscope, shipped

_MUSICGEN_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer_config.json",
)
_NOT_RUN = "files as facebook/musicgen-small lists them; never fetched by us"
_NON_COMMERCIAL = "CC BY-NC 4.0 (Meta): not for commercial use"

TUNES = Card(
    name="tunes",
    tier="tiny",
    kind="music",
    parts=FrozenMap(engine="melody", model="LlamaForCausalLM"),
    sources=shipped(
        "tunes",
        ("config.json", 714, "f09232ad2807cdde54028c264d29065152c717127dd7b4813b25364268bd877c"),
        ("generation_config.json", 707, "9e73b331bab6b6a4f644349d238d3e299990c53f2cf22a9372e5a2f8bf00aec6"),
        ("model.safetensors", 1_693_864, "0cb5f4458fdeb67f5d88773f1a5330e55a9837a36ffdf9607937f3ad422ac455"),
        ("tokenizer.json", 7_477, "703437d177f75b995e1ec7688f9a819b4e8b700cba9c2890914d281c1dbb523e"),
        ("tokenizer_config.json", 237, "cd288383feff2762059184749d2b66a516d019015bcc0fb7eecad6e77a145e26"),
    ),
    facts=MusicFacts(
        languages=("zh", "en"),
        parameters=844_928,
        positions=200,
        rows=1,
        cache_width=4 * 128,
        overhead=300 * MIB,
    ),
    defaults=FrozenMap(),
    licence="Apache-2.0 (trained by this project on tunes that a program composed)",
    params=Figure(844_928, "parameters", "measured", "counted on loading"),
    notes=(
        "自己训练的旋律小模型（85 万参数），只会写本项目作曲程序那个小世界里的单旋律。",
        "knows seven modes, four metres, three forms, three regions of a world of its own, and nothing else",
    ),
)

TINY_MUSICGEN = Card(
    name="tinymusicgen",
    tier="tiny",
    kind="music",
    parts=FrozenMap(engine="musicgen", model="MusicgenForConditionalGeneration", world="sounds"),
    sources=shipped(
        "tinymusicgen",
        ("config.json", 2_348, "e1a8ec9c068a3691d874d0c4bb163b470fdca2d094030afc15a241f27fb23497"),
        ("generation_config.json", 273, "d4560125631c2f6fdde6f9dfc89d754a24d41057c0181e0338b11bf61391f50b"),
        ("model.safetensors", 5_650_108, "d023ef0a836fdd9cb21c5308160061c6c80737a6ba3dab0469d848d715c8bbf7"),
        ("processor_config.json", 321, "97451103fa9291374720f5a1e20326b5bced16c216290b13507c272d9edc8b96"),
        ("tokenizer.json", 2_522, "16a4971d136a5c82baf1c53bb8935dae6fdb073e5103627fdc3a824288c76b18"),
        ("tokenizer_config.json", 308, "c146c0469a510fc8bfd226e7c9c3ceaf64f404c813bc0bfd5778249978d9acb5"),
    ),
    facts=MusicFacts(
        languages=("zh", "en"),
        parameters=2_586_590,
        positions=79,
        rows=2,
        cache_width=3 * 160,
        overhead=300 * MIB,
        rate=16_000,
        guidance=1.0,
    ),
    defaults=FrozenMap(temperature=0.3, seconds=3.0),
    licence="Apache-2.0 (trained by this project on sounds that a program rendered)",
    params=Figure(2_586_590, "parameters", "measured", "counted on loading"),
    notes=(
        "自己训练的极小 MusicGen（260 万参数，连编解码器）：一句话变成三秒声音，只会四种乐器、五样说法的小世界。",
        "the real class with a real EncodecModel, three seconds of a closed world of 252 sounds, and nothing else",
    ),
)


def _musicgen(
    name: str, ref: str, parameters: int, layers: int, width: int, traced: tuple[int, int], note: str
) -> Card:
    """Describe one size of Meta's model."""
    return Card(
        name=name,
        tier="full",
        kind="music",
        parts=FrozenMap(engine="musicgen", model="MusicgenForConditionalGeneration"),
        sources=modelscope(ref, _MUSICGEN_FILES, _NOT_RUN),
        facts=MusicFacts(
            languages=("en",),
            parameters=parameters,
            positions=1503,
            rows=2,
            cache_width=layers * width,
            overhead=0,
            traced=traced,
            rate=32_000,
            commercial=False,
            cuda=True,
        ),
        defaults=FrozenMap(temperature=1.0, seconds=8.0),
        licence=_NON_COMMERCIAL,
        params=Figure(parameters, "parameters", "measured", "counted on its class at full size, on the meta device"),
        notes=(
            Words(
                f"MusicGen, {note}, prompts in English", f"Meta 的 MusicGen（{note}），提示词用英文；只供非商业用途。"
            ).zh,
        ),
    )


MUSICGEN_SMALL = _musicgen(
    "musicgen-small",
    "AI-ModelScope/musicgen-small",
    586_884_674,
    24,
    1024,
    (2_836_426_917, 3_457_907_800),
    "3 亿参数的解码器",
)
MUSICGEN_MEDIUM = _musicgen(
    "musicgen-medium",
    "AI-ModelScope/musicgen-medium",
    2_005_251_138,
    48,
    1536,
    (5_760_323_608, 9_920_042_840),
    "15 亿参数的解码器",
)
MUSIC_CARDS = (TUNES, TINY_MUSICGEN, MUSICGEN_SMALL, MUSICGEN_MEDIUM)
