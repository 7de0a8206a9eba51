"""A transformers CLIPModel of the world: 64 x 64 pixels in patches of 8, captions in Chinese or English."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from assets.train.tinysdxl import text, tokens

SIDE = 64
WIDTH, PROJECTION = 128, 128
POSITIONS = tokens.LENGTH


def build() -> nn.Module:
    """An untrained CLIPModel; ``eos_token_id`` is the real id: the text is pooled there."""
    from transformers import CLIPConfig, CLIPModel

    words = len(tokens.vocabulary()[0])
    common = {"hidden_size": WIDTH, "intermediate_size": 3 * WIDTH, "num_attention_heads": 4, "hidden_act": "gelu"}
    config = CLIPConfig(
        text_config={
            **common,
            "num_hidden_layers": 3,
            "vocab_size": words,
            "max_position_embeddings": POSITIONS,
            "bos_token_id": words - 2,
            "eos_token_id": words - 1,
            "pad_token_id": words - 1,
        },
        vision_config={**common, "num_hidden_layers": 4, "image_size": SIDE, "patch_size": 8},
        projection_dim=PROJECTION,
    )
    return CLIPModel._from_config(config, attn_implementation="eager")


def pixels(images: Tensor) -> Tensor:
    """uint8 (N, 128, 128, 3) -> float32 (N, 3, 64, 64) in [-1, 1], averaged as the shipped image processor does."""
    return F.avg_pool2d(images.permute(0, 3, 1, 2).float(), 2).round() / 127.5 - 1


def ids(tokenizer, texts: list[str], length: int = text.TRAINED) -> dict[str, Tensor]:
    """input_ids and attention_mask, int64 (N, length). Captions have at most 27 tokens."""
    options = {"padding": "max_length", "truncation": True, "max_length": length, "return_tensors": "pt"}
    return dict(tokenizer(texts, **options))


def vectors(model: nn.Module, images: Tensor, words: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Unit vectors of pictures and captions, float32 (N, 128) each."""
    seen = model.visual_projection(model.vision_model(pixel_values=pixels(images)).pooler_output)
    said = model.text_projection(model.text_model(**words).pooler_output)
    return F.normalize(seen, dim=-1), F.normalize(said, dim=-1)


def contrast(model: nn.Module, images: Tensor, words: dict[str, Tensor]) -> Tensor:
    """The symmetric cross-entropy over all pairs of the batch. Source: CLIP, arXiv 2103.00020, figure 3."""
    seen, said = vectors(model, images, words)
    logits = model.logit_scale.exp().clamp(max=100) * seen @ said.T
    same = torch.arange(len(logits))
    return (F.cross_entropy(logits, same) + F.cross_entropy(logits.T, same)) / 2
