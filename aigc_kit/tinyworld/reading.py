"""What the readers of pictures and of clips share: a small network's answers as labels, and what they agree with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit import paths
from aigc_kit.errors import CannotLoad
from aigc_kit.tinyworld.motion import ClipSpec
from aigc_kit.tinyworld.spec import Spec


@dataclass(frozen=True)
class Reading:
    """What a checker sees in one picture or clip.

    Attributes:
        labels: attribute -> the likeliest value.
        confidence: attribute -> its probability, 0-1.
        valid: whether this is a picture or clip of the world.
        validity: the probability of that, 0-1.
    """

    labels: dict[str, str]
    confidence: dict[str, float]
    valid: bool
    validity: float


def matches(reading: Reading, spec: Spec | ClipSpec) -> dict[str, bool]:
    """For each attribute that the spec sets: whether the reading shows it. All False when the reading is not valid."""
    return {name: reading.valid and reading.labels[name] == value for name, value in spec.known().items()}


def answers(network, seen: Sequence[np.ndarray], batch: int) -> np.ndarray:
    """What the network says of each picture or clip: float64 (N, answers).

    Args:
        network: takes float32 (B, ..., 3, H, W) in [-1, 1].
        seen: each uint8 (..., H, W, 3), all of one shape; at least one.
        batch: how many at once.
    """
    import torch

    rows = []
    for start in range(0, len(seen), batch):
        pixels = torch.from_numpy(np.stack(seen[start : start + batch]))
        with torch.no_grad():
            rows.append(network(pixels.movedim(-1, -3).float() / 127.5 - 1).double().numpy())
    return np.concatenate(rows)


def reading_of(row: np.ndarray, attributes: Mapping[str, Sequence[str]], valid_from: float) -> Reading:
    """One row of answers in words: a softmax for each attribute, then the logit of "is one of the world"."""
    labels, confidence, at = {}, {}, 0
    for name, values in attributes.items():
        scores = row[at : at + len(values)]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        labels[name], confidence[name] = values[best], float(shares[best])
        at += len(values)
    validity = float(1 / (1 + np.exp(-row[at])))
    return Reading(labels, confidence, validity >= valid_from, validity)


def with_weights(network, name: str):
    """The network with the weights of ``assets/models/NAME``, in float32, for evaluation.

    Raises:
        CannotLoad: the weights are not there.
    """
    from safetensors.torch import load_file

    path = paths.assets() / "models" / name / "model.safetensors"
    if not path.is_file():
        raise CannotLoad(asked=f"the reader {name}", found=f"no file {path}", todo=f"restore assets/models/{name}")
    network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    return network.eval()
