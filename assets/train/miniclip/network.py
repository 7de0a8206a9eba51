"""A transformers CLIPModel of the world: 64 x 64 pixels in patches of 8, captions in Chinese or English."""

import torch.nn.functional as F
from torch import Tensor, nn

from aigc_kit.make import train
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES
from assets.train.tinysdxl import text, tokens

SIDE = 64
WIDTH, PROJECTION = 128, 128
SHARPNESS = 8.0  # of the heads: vectors of length 1 times this
HEADS = 1.0  # weight of the heads beside the contrast
POSITION = 3.0  # weight of the position among the attributes: the first edition reads all others
POSITIONS = tokens.LENGTH
KEPT = text.KEPT  # positions of captions; those behind share one vector
TRAINED = text.TRAINED  # positions computed in training


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
    """uint8 (N, 128, 128, 3) or (N, 64, 64, 3) -> float32 (N, 3, 64, 64) in [-1, 1], averaged as the shipped image
    processor does.
    """
    colours = images.permute(0, 3, 1, 2).float()
    if colours.shape[-1] > SIDE:
        colours = F.avg_pool2d(colours, 2).round()
    return colours / 127.5 - 1


def ids(tokenizer, texts: list[str], length: int | None = TRAINED) -> dict[str, Tensor]:
    """input_ids and attention_mask, int64 (N, length); None: as long as the longest (captions: at most 27)."""
    padding = "longest" if length is None else "max_length"
    options = {"padding": padding, "truncation": True, "max_length": length or TRAINED, "return_tensors": "pt"}
    return dict(tokenizer(texts, **options))


def vectors(model: nn.Module, images: Tensor, words: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Unit vectors of pictures and captions, float32 (N, 128) each."""
    seen = model.visual_projection(model.vision_model(pixel_values=pixels(images)).pooler_output)
    return F.normalize(seen, dim=-1), text_vectors(model, words)


def text_vectors(model: nn.Module, words: dict[str, Tensor]) -> Tensor:
    """Unit vectors of captions, float32 (N, 128)."""
    return F.normalize(model.text_projection(model.text_model(**words).pooler_output), dim=-1)


CLASSES = [len(values) for values in ATTRIBUTES.values()]


class Heads(nn.Module):
    """One linear reader of the attributes for pictures and texts alike, dropped after training.

    What neither tower tells gets no gradient from the contrast: a text vector without a position asks for none in the
    picture's, and the other way. The reader asks both at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reader = nn.Linear(PROJECTION, sum(CLASSES))

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropies of the attributes, summed; labels int64 (N, 7), -1 where nothing is said."""
        parts = zip(ATTRIBUTES, self.reader(SHARPNESS * vectors.float()).split(CLASSES, 1), labels.T, strict=True)
        errors = {
            name: F.cross_entropy(part, column, ignore_index=-1) for name, part, column in parts if (column >= 0).any()
        }
        return sum(errors.values()) + (POSITION - 1) * errors.get("position", 0)


def losses(
    model: nn.Module,
    heads: Heads,
    images: Tensor,
    words: dict[str, Tensor],
    fits: Tensor,
    labels: tuple[Tensor, Tensor],
) -> Tensor:
    """What training makes smaller: the contrast (`aigc_kit.make.train.contrast`), and what the heads read wrong.

    fits: bool (texts, pictures); labels: of pictures and of texts, int64 (N, 7).
    """
    seen, said = vectors(model, images, words)
    wrong = heads(seen, labels[0]) + heads(said, labels[1])
    return train.contrast(seen, said, model.logit_scale, fits) + HEADS * wrong
