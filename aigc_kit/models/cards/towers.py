"""List the cards of models that put pictures beside texts."""

from aigc_kit.core.types import Card, Figure, FrozenMap, Words
from aigc_kit.models.cards.facts import ClipFacts
from aigc_kit.models.cards.sources import modelscope

SIGLIP2 = Card(
    name="siglip2",
    tier="full",
    kind="clip",
    parts=FrozenMap(model="transformers.SiglipModel", processor="transformers.SiglipProcessor"),
    sources=modelscope(
        "google/siglip2-base-patch16-224",
        (
            *("config.json", "model.safetensors", "preprocessor_config.json"),
            *("special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"),
        ),
        "about 1.5 GB; never fetched from there by us; a folder $AIGC_MODELS_DIR/siglip2 is used first",
    ),
    facts=ClipFacts(languages=("zh", "en"), width=768, side=224, tokens=64),
    defaults=FrozenMap(),
    licence="Apache-2.0 (google/siglip2-base-patch16-224)",
    params=Figure(
        375_000_000,
        "parameters",
        "published",
        Words("Tschannen et al. 2025, SigLIP 2: B/16, 375 M", "Tschannen 等 2025，SigLIP 2：B/16，3.75 亿"),
    ),
    notes=(
        "多语言的图文检索模型 SigLIP 2（3.75 亿参数），读中文，按名字下载：aigc fetch siglip2。",
        "SigLIP 2 base, patches of 16, 224 pixels",
    ),
)

CLIP_CARDS = (SIGLIP2,)
