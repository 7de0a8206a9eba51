"""Register what can be loaded, nothing is loaded here."""

from aigc_kit.core.errors import CannotLoad, unknown_name
from aigc_kit.core.types import Card, FrozenMap, Words
from aigc_kit.models.cards.diffusion import DIFFUSION_CARDS
from aigc_kit.models.cards.scores import MUSIC_CARDS
from aigc_kit.models.cards.sources import npm, wheel
from aigc_kit.models.cards.texts import TEXT_CARDS
from aigc_kit.models.cards.towers import CLIP_CARDS
from aigc_kit.models.cards.voices import VOICE_CARDS

FONT_CJK = Card(
    name="font-cjk",
    tier="tiny",
    kind="font",
    parts=FrozenMap(font="NotoSansCJKtc-Regular.otf"),
    sources=wheel(
        "cvttf-notosanscjk-regular==1.0",
        27_408_933,
        "0a99bbb933cc4237895d3dbd95de65f7b508607872471f1f51d0eb91a5fe7766",
        "cvttf_NotoSansCJK_Regular",
        ("NotoSansCJKtc-Regular.otf", 16_431_292, "f57e46120a3dd025ac993801981849622405d1359b32093b1f046490f7885711"),
    ),
    facts=None,
    defaults=FrozenMap(),
    licence="SIL Open Font License 1.1 (Noto Sans CJK)",
    notes=("图表用的中文字体；系统里已有中文字体时不需要。",),
)
ORT_WEB = Card(
    name="ort-web",
    tier="tiny",
    kind="runtime",
    parts=FrozenMap(script="ort.wasm.bundle.min.mjs", binary="ort-wasm-simd-threaded.wasm"),
    sources=npm(
        "onnxruntime-web==1.30.0",
        33_106_585,
        "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71",
        "package/dist",
        ("ort.wasm.bundle.min.mjs", 73_054, "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90"),
        ("ort-wasm-simd-threaded.wasm", 14_239_897, "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"),
    ),
    facts=None,
    defaults=FrozenMap(),
    licence="MIT (onnxruntime-web, Microsoft)",
    notes=("在浏览器里运行模型的引擎，只有 aigc site 用它。",),
)
ALL: dict[str, Card] = {
    card.name: card
    for card in (*TEXT_CARDS, *DIFFUSION_CARDS, *VOICE_CARDS, *MUSIC_CARDS, *CLIP_CARDS, FONT_CJK, ORT_WEB)
}
ALIASES = {"core": ("smollm2-135m", "baker", "font-cjk"), "extra": ("qwen2.5-coder-0.5b",)}

__all__ = ["ALIASES", "ALL", "get", "names", "of_kind"]


def names() -> list[str]:
    """List all card names, sorted."""
    return sorted(ALL)


def get(name: str) -> Card:
    """Look up the card of a name.

    Raises:
        UnknownName: there is none; close names are suggested.
        CannotLoad: the card exists only to say why its model cannot be loaded any more.
    """
    card = ALL.get(name) if isinstance(name, str) else None
    if card is None:
        loadable = [known for known in names() if ALL[known].tier != "none"]
        more = Words(" (`aigc fetch --list` describes them)", "（在终端运行 `aigc fetch --list` 看说明）")
        raise unknown_name(Words(f"model {name!r}", f"模型 {name!r}"), name, loadable, Words("card", "模型卡"), more)
    if card.tier == "none":
        raise CannotLoad(asked=Words(f"model {name!r}", f"模型 {name!r}"), found=card.notes[1], todo=card.notes[2])
    return card


def of_kind(kind: str) -> list[Card]:
    """List loadable cards of one modality, preferred ones first."""
    return [card for card in ALL.values() if card.kind == kind and card.tier != "none"]
