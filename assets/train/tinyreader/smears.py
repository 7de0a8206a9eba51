"""A trial: can the reader's validity learn from smeared subjects what eyes see? It prints, and ships nothing.

Only the row of validity in the last layer is learnt, on what the shipped network sees, so that every label stays as it
is. It is measured on the half of the judged pictures that is not frozen (``assets/train/judge``).
"""

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from aigc_kit.worlds.tinyworld import checker
from aigc_kit.worlds.tinyworld.reading import build, with_weights
from aigc_kit.worlds.tinyworld.render import render_with_mask
from aigc_kit.worlds.tinyworld.spec import Spec
from assets.train.judge import agreement, items, labels

from .negatives import any_of
from .train import spoil

COUNT, REFUSED, BATCH = 700, 900, 20
FIRST_SEED = 9_000_000_000
HARD = ("puppy", "cat", "wizard", "fish", "flower", "donut")
SHAKE = 0.2  # noise on all latents, as a U-Net's are never exact
PENALTY, OWN_WEIGHT, FOLDS = 0.01, 10.0, 5
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def smeared(latents: Tensor, cells: Tensor, generator: torch.Generator) -> Tensor:
    """Latents (N, C, h, w) spoilt where ``cells`` (N, 1, h, w) is above 0, in four ways by turns.

    Mixed with noise, with another's latents, with the subject's own cells dealt out again, or blurred and shaken.
    """
    spread, mean = latents.std((0, 2, 3), keepdim=True), latents.mean((0, 2, 3), keepdim=True)
    noise, out = torch.randn(latents.shape, generator=generator) * spread, latents.clone()
    for k, own in enumerate(latents):
        share = 0.45 + 0.45 * torch.rand((), generator=generator)
        if k % 4 == 0:
            out[k] = mean[0] + (1 - share**2).sqrt() * (own - mean[0]) + share * noise[k]
        elif k % 4 == 1:
            out[k] = (1 - share) * own + share * latents[(k + 7) % len(latents)]
        elif k % 4 == 2:
            rows, columns = cells[k, 0].nonzero().T
            deal = torch.randperm(len(rows), generator=generator)
            out[k][:, rows, columns] = (1 - share) * own[:, rows, columns] + share * own[:, rows[deal], columns[deal]]
        else:
            out[k] = (1 - share) * own + share * functional.avg_pool2d(own[None], 3, 1, 1)[0] + 0.3 * noise[k]
    return torch.where(cells > 0, out, latents)


@torch.no_grad()
def pairs(count: int) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Renders, the same through the image model's autoencoder, and with smeared subjects: uint8 (128, 128, 3) each."""
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(items.MODELS / "tinysdxl" / "vae", torch_dtype=torch.float32).eval()
    rng, generator = random.Random(77), torch.Generator().manual_seed(77)
    renders, masks, right, wrong = [], [], [], []
    while len(renders) < count:
        spec = Spec.sample(rng, training=True)
        if rng.random() < 0.5 ** ((spec.size != "small") + (spec.subject not in HARD)):
            picture, mask = render_with_mask(spec, 128, 128, FIRST_SEED + len(renders))
            renders.append(picture)
            masks.append(mask)
    for k in range(0, count, BATCH):
        pixels = torch.from_numpy(np.stack(renders[k : k + BATCH])).permute(0, 3, 1, 2).float() / 127.5 - 1
        cells = functional.max_pool2d(torch.from_numpy(np.stack(masks[k : k + BATCH])).float()[:, None], 8)
        latents = vae.encode(pixels).latent_dist.mode()
        noise = SHAKE * torch.randn(latents.shape, generator=generator)
        for each, out in ((latents, right), (smeared(latents, cells, generator), wrong)):
            shown = (vae.decode(each + noise).sample.clamp(-1, 1) + 1) * 127.5
            out.extend(shown.round().byte().permute(0, 2, 3, 1).numpy())
    return renders, right, wrong


@torch.no_grad()
def seen(network, pictures: Sequence[np.ndarray]) -> Tensor:
    """What the last layer of a reader is given: float32 (N, features)."""
    pixels = torch.from_numpy(np.stack([checker.shrink(picture) for picture in pictures])).permute(0, 3, 1, 2)
    return torch.cat([network[:-1](part.float() / 127.5 - 1) for part in pixels.split(64)])


def fitted(features: Tensor, valid: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weights and bias of a logistic regression, its features standardised, with a penalty on squares."""
    mean, spread = features.mean(0), features.std(0) + 1e-3
    scaled = (features - mean) / spread
    row, bias = torch.zeros(features.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([row, bias], max_iter=120, history_size=8, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        each = functional.binary_cross_entropy_with_logits(scaled @ row + bias, valid, reduction="none")
        error = (each * weights).sum() / weights.sum() + PENALTY * row.square().sum()
        error.backward()
        return error

    optimiser.step(loss)
    plain = (row / spread).detach()
    return plain, bias.detach() - (plain * mean).sum()


def ranked(validity: np.ndarray, named: np.ndarray) -> float:
    """The chance that a picture that eyes name has the higher validity than one that they do not (area under ROC)."""
    yes, no = validity[named][:, None], validity[~named][None]
    return float((yes > no).mean() + 0.5 * (yes == no).mean())


def told(name: str, validity: np.ndarray, named: np.ndarray, asked: np.ndarray) -> None:
    """Print how well a validity ranks, and how often it agrees with eyes at the best of `THRESHOLDS`."""
    best = max(THRESHOLDS, key=lambda least: (((validity >= least) & asked) == named).mean())
    agreed = (((validity >= best) & asked) == named).mean()
    print(f"{name}: area {ranked(validity, named):.3f}, agrees {agreed:.1%} from {best}", flush=True)


def trial() -> None:
    """Print shipped, taught by construction alone, and taught the labels of the other four fifths too."""
    torch.set_num_threads(1)
    network, rng = with_weights(build(), "tinyreader"), np.random.default_rng(5)
    renders, right, wrong = pairs(COUNT)
    none = [any_of(rng, renders[a], renders[b], 0.4) for a, b in rng.integers(COUNT, size=(REFUSED, 2))]
    good, bad = [*right, *(spoil(checker.shrink(picture), rng) for picture in renders)], [*wrong, *none]
    features, valid = seen(network, [*good, *bad]), torch.tensor([1.0] * len(good) + [0.0] * len(bad))
    judged = items.read(items.RUN / "pictures")
    names = [item.name for item in judged]
    both = agreement.together(judged, labels.read("pictures", items.KINDS["pictures"].subjects, names))
    half = [item for item in judged if not item.frozen]
    named = np.array([agreement.named_right(item, both.of[item.name]) for item in half])
    pixels = [item.pixels for item in half]
    readings = checker.read(pixels)
    asked = np.array([reading.labels["subject"] == item.asked for reading, item in zip(readings, half, strict=True)])
    told("shipped", np.array([reading.validity for reading in readings]), named, asked)
    own, every = seen(network, pixels), np.arange(len(half))
    row, bias = fitted(features, valid, torch.ones(len(valid)))
    told("smears alone", torch.sigmoid(own @ row + bias).numpy(), named, asked)
    validity = np.zeros(len(half))
    for left_out in np.array_split(np.random.default_rng(0).permutation(len(half)), FOLDS):
        taught = np.setdiff1d(every, left_out)
        known = torch.cat([valid, torch.from_numpy(named[taught]).float()])
        weights = torch.cat([torch.ones(len(valid)), torch.full((len(taught),), OWN_WEIGHT)])
        row, bias = fitted(torch.cat([features, own[taught]]), known, weights)
        validity[left_out] = torch.sigmoid(own[left_out] @ row + bias).numpy()
    told(f"smears and labels, {FOLDS} folds", validity, named, asked)
