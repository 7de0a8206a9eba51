"""What is judged: pictures or clips of a model, of the world and of known failures, under names that tell nothing."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from aigc_kit.worlds.tinyworld.motion import MOVING, ClipSpec, film
from aigc_kit.worlds.tinyworld.render import render_with_mask
from aigc_kit.worlds.tinyworld.spec import SUBJECTS, Spec
from assets.train.clipreader import negatives as clip_negatives
from assets.train.tinyreader import negatives

HERE = Path(__file__).resolve().parent
MODELS = HERE.parents[1] / "models"
RUN = HERE / "run"  # items and sheets: not in git
LABELS = HERE / "labels"  # what judges saw: in git
SOURCES = ("generated", "render", "failure")
FIRST_SEED = 5_000_000_000  # of renders and failures: none that a training or an evaluation used
NOTHING: Mapping[str, Any] = {}
SWEEPING = ("left", "right", "up", "down", "grow", "bounce")  # motions in which the whole subject leaves its place
BLUR = 0.2  # of the subject's longer side: a lump of the right colour at the right place
CLIP_BLUR = 0.09  # of a clip's height


@dataclass(frozen=True)
class Item:
    """One thing to judge.

    Attributes:
        name: eight hexadecimal digits; its last one decides whether the item is frozen.
        source: of `SOURCES`.
        asked: the subject of its prompt; of a failure the one that was spoilt, or None.
        pixels: uint8 (H, W, 3), or (T, H, W, 3) for a clip.
        manner: the motion or the style that its prompt asked for, if it asked for one.
    """

    name: str
    source: str
    asked: str | None
    pixels: np.ndarray
    manner: str | None = None

    @property
    def frozen(self) -> bool:
        """Whether nothing may be chosen by it: a half of all."""
        return int(self.name[-1], 16) % 2 == 1


@dataclass(frozen=True)
class Kind:
    """How one kind of items is made; all functions but the first two take the index of the item."""

    subjects: tuple[str, ...]
    folder: str
    manner: str
    prompts: Callable[[], list[dict]]
    generate: Callable[[list[str]], np.ndarray]
    render: Callable[[int], tuple[str, np.ndarray]]
    fail: Callable[[int], tuple[str | None, np.ndarray]]


def name_of(digest: str, source: str, index: int, entry: Mapping[str, Any] = NOTHING) -> str:
    """The item's name: the same on every machine, another for other weights, or where the kit changes the prompt."""
    prompt = f":{entry['prompt']}" if entry.get("fitted") else ""
    return hashlib.sha256(f"{digest}:{source}:{index}{prompt}".encode()).hexdigest()[:8]


def digest_of(folder: Path) -> str:
    """A fingerprint of a model's weights, so that labels of another model are noticed."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")):
        total.update(file.relative_to(folder).as_posix().encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def lump(picture: np.ndarray, mask: np.ndarray, blur: float) -> np.ndarray:
    """A picture uint8 (H, W, 3) that is blurred past knowing where the mask (H, W) is: colour and place stay right.

    blur: radius in pixels.
    """
    soft = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(float(blur))))
    wide = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(0.05 * min(mask.shape)))
    share = np.clip(np.asarray(wide, np.float32)[..., None] / 128, 0, 1)
    return np.rint(picture * (1 - share) + soft * share).astype(np.uint8)


def box_of(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """bool (H, W): the upright box around a mask, whose own outline would give a star away; and its longer side."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    box = np.zeros_like(mask)
    box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return box, int(max(np.ptp(rows), np.ptp(columns))) + 1


def swept(clip: np.ndarray) -> np.ndarray:
    """bool (H, W): where anything changes within a clip uint8 (T, H, W, 3)."""
    return np.ptp(clip.astype(np.int16), axis=0).max(-1) > 24


def true_picture(index: int) -> tuple[str, np.ndarray]:
    spec = Spec.sample(random.Random(FIRST_SEED + index))
    return str(spec.subject), render_with_mask(spec, 128, 128, FIRST_SEED + index)[0]


def failed_picture(index: int) -> tuple[str | None, np.ndarray]:
    """Every second one a lump, the others nothing at all."""
    rng = np.random.default_rng(FIRST_SEED + index)
    if index % 2:
        return None, list(negatives.FROM_NOTHING.values())[index // 2 % len(negatives.FROM_NOTHING)](rng, 128, 128)
    spec = Spec.sample(random.Random(FIRST_SEED + 1_000 + index))
    picture, mask = render_with_mask(spec, 128, 128, FIRST_SEED + index)
    box, side = box_of(mask)
    return spec.subject, lump(picture, box, BLUR * side)


def true_clip(index: int) -> tuple[str, np.ndarray]:
    spec = ClipSpec.sample(random.Random(FIRST_SEED + index))
    return str(spec.subject), film(spec, seed=FIRST_SEED + index)


def failed_clip(index: int) -> tuple[str | None, np.ndarray]:
    """Every second one a lump that moves, the others nothing at all."""
    if index % 2:
        return None, clip_negatives.nothing(np.random.default_rng(FIRST_SEED + index))
    rng = random.Random(FIRST_SEED + 1_000 + index)
    spec = ClipSpec(motion=rng.choice(SWEEPING)).fill(rng)
    clip = film(spec, seed=FIRST_SEED + index)
    return spec.subject, np.stack([lump(frame, swept(clip), CLIP_BLUR * clip.shape[1]) for frame in clip])


def _prompts(modality: str) -> list[dict]:
    from assets.train.tinysdxl import evaluate as pictures
    from assets.train.tinywan import evaluate as clips

    if modality == "pictures":
        return pictures.entries()["generated"]
    return clips.judged()


def _draw(prompts: list[str]) -> np.ndarray:
    from assets.train.tinysdxl import evaluate, sampling

    return np.asarray(sampling.draw(evaluate.load(), prompts))


def _film(prompts: list[str]) -> np.ndarray:
    from assets.train.tinywan import evaluate, sampling

    return sampling.film(evaluate.load(), prompts)


KINDS = {
    "pictures": Kind(SUBJECTS, "tinysdxl", "style", lambda: _prompts("pictures"), _draw, true_picture, failed_picture),
    "clips": Kind(MOVING, "tinywan", "motion", lambda: _prompts("clips"), _film, true_clip, failed_clip),
}


def sizes(kind: str) -> dict[str, str]:
    """The name of a generated item -> the size that its prompt asks for, where it asks for one."""
    digest = digest_of(MODELS / KINDS[kind].folder)
    return {
        name_of(digest, "generated", k, entry): entry["spec"].size
        for k, entry in enumerate(KINDS[kind].prompts())
        if getattr(entry["spec"], "size", None)
    }


def make(kind: str, counts: tuple[int, int, int], model: Path) -> list[Item]:
    """Items in an order that tells nothing: by their names.

    Args:
        kind: of `KINDS`.
        counts: how many of each of `SOURCES`; of the model, those of its first frozen prompts, seed = index.
        model: the folder whose weights are judged.
    """
    maker, digest = KINDS[kind], digest_of(model)
    entries = maker.prompts()[: counts[0]]
    made = maker.generate([entry["prompt"] for entry in entries])
    found = [
        Item(name, "generated", entry["spec"].subject, pixels, getattr(entry["spec"], maker.manner))
        for k, (entry, pixels) in enumerate(zip(entries, made, strict=True))
        for name in [name_of(digest, "generated", k, entry)]
    ]
    for source, count, one in (("render", counts[1], maker.render), ("failure", counts[2], maker.fail)):
        found += [Item(name_of(digest, source, k), source, *one(k)) for k in range(count)]
    if len({item.name for item in found}) < len(found):
        raise ValueError(f"asked for {len(found)} items, found two of one name; take more digits in name_of")
    return sorted(found, key=lambda item: item.name)


def write(folder: Path, found: list[Item]) -> None:
    """Keep items: pixels by name, and apart from them the key that tells where each is from."""
    folder.mkdir(parents=True, exist_ok=True)
    with (part := folder / "items.part").open("wb") as file:
        np.savez(file, **{item.name: item.pixels for item in found})
    part.replace(folder / "items.npz")
    key = {item.name: {"source": item.source, "asked": item.asked, "manner": item.manner} for item in found}
    (folder / "key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> list[Item]:
    """The items that `write` kept."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    with np.load(folder / "items.npz") as pixels:
        return [Item(name, each["source"], each["asked"], pixels[name], each["manner"]) for name, each in key.items()]
