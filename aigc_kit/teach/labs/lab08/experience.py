"""Run what is measured: a training, strategies, caches, searches."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.statistics import Share
from aigc_kit.make import train
from aigc_kit.make.train.contrast import SIDE, pixels_of, read_words, unit_vectors
from aigc_kit.promptlab import caches, retrieval
from aigc_kit.promptlab.caches import cross_attention
from aigc_kit.promptlab.caches.semantic import Embed
from aigc_kit.worlds.tinyworld import captions, clip
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.vocab import spec_of

SEEDS = (0, 1, 2)
MADE_IN = ("02a", "02b", "05", "06")


@dataclass(frozen=True)
class Lesson:
    """Hold what a CLIP trained from nothing learned.

    Args:
        losses: one for each step; seconds: of the processor.
        tables: step -> cosines of 8 pictures (rows) and their texts, that it never saw.
        first, five: R@1, R@5 among 200 pictures that it never saw.
    """

    losses: tuple[float, ...]
    seconds: float
    tables: dict[int, np.ndarray]
    first: Share
    five: Share


def learned(steps: int = 180, looks: Sequence[int] = (0, 60, 180), count: int = 900) -> Lesson:
    """Train a CLIP of 0.5 million parameters from nothing.

    Args:
        steps: of 64 pairs; looks: steps at which the table of 8 is kept.
        count: pictures that it learns from, besides the 200 that it is tried on.
    """
    import torch

    rng = random.Random("lesson")
    specs = list({Spec.sample(rng): None for _ in range(count + 220)})[: count + 200]
    images = np.stack([render(spec, SIDE, SIDE, seed=k) for k, spec in enumerate(specs)])
    tokenizer = clip.parts(clip.folder(), clip.NAME)[1]
    model = train.new_clip(len(tokenizer), patch=16)
    held = pixels_of(images[count:])
    said = read_words(tokenizer, [captions.canonical(spec) for spec in specs[count:]])

    def vectors(rows: int) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            pair = unit_vectors(model.eval(), held[:rows], said[:rows])
        model.train()
        return pair[0].numpy(), pair[1].numpy()

    def caption(number: int, source: random.Random) -> str:
        return captions.caption(specs[number], source, source.choice(captions.LANGUAGES))

    def table() -> np.ndarray:
        seen, texts = vectors(8)
        cosines: np.ndarray = seen @ texts.T
        return cosines

    losses, tables, start = [], {0: table()} if 0 in looks else {}, time.process_time()
    for progress in train.learn_clip(model, tokenizer, images[:count], caption, steps=steps):
        losses.append(progress.loss)
        if progress.step in looks:
            tables[progress.step] = table()
    seconds = time.process_time() - start
    seen, texts = vectors(200)
    first, five = retrieval.hits(texts, seen, np.eye(len(seen), dtype=bool), "从零训练")
    return Lesson(tuple(losses), seconds, tables, first, five)


def spoken(
    language: str,
    attributes: Sequence[str] = ("colour", "subject", "scene"),
    count: int = 120,
    seeds: Sequence[int] = SEEDS,
    name: str = clip.NAME,
    expander: Embed | None = None,
) -> dict[str, tuple[Share, Share, tuple[float, ...]]]:
    """Ask for the pictures of galleries by every strategy.

    Args:
        language: "zh", "en" or "mixed"; attributes: that are said.
        count: pictures of a gallery; seeds: one gallery, and one choice of words, for each.
        name: of the towers.
        expander: what finds the expander's neighbours, such as `promptlab.diff.e5`; None: the towers' own texts.

    Returns:
        strategy -> R@1 and R@5 of all queries together, and R@1 of each seed.
    """
    towers = retrieval.towers(name)
    found: dict[str, list[tuple[Share, Share]]] = {way.name: [] for way in retrieval.STRATEGIES}
    for seed in seeds:
        gallery, seen = _hung(seed, count, name)
        queries = retrieval.ask_for(gallery, attributes, language, seed)
        right = gallery.right(queries)
        for way in retrieval.STRATEGIES:
            said = towers.texts(retrieval.texts_of(way, queries, expander or towers.texts))
            found[way.name].append(retrieval.hits(said, seen, right, way.name))
    return {
        way: (
            _together([first for first, _ in rows]),
            _together([five for _, five in rows]),
            tuple(first.share for first, _ in rows),
        )
        for way, rows in found.items()
    }


@cache
def _hung(seed: int, count: int, name: str) -> tuple[retrieval.Gallery, np.ndarray]:
    """Draw a gallery and read its pictures once."""
    gallery = _gallery(seed, count)
    return gallery, retrieval.towers(name).pictures(gallery.images)


@cache
def _gallery(seed: int, count: int) -> retrieval.Gallery:
    return retrieval.Gallery.drawn(seed, count)


def _together(shares: Sequence[Share]) -> Share:
    """Pool shares of several galleries."""
    trials = [k < each.held for each in shares for k in range(each.count)]
    return Share.of(shares[0].name, trials, shares[0].at)


def stream(
    thresholds: Sequence[float], wishes: int = 150, count: int = 500, name: str = clip.NAME
) -> dict[str, list[tuple[Share, Share]]]:
    """Send a Zipf stream of prompts through semantic caches.

    The same wish comes in other words, Chinese or English. A hit on another wish would show the wrong picture.

    Args:
        thresholds: cosines from which it is a hit.
        wishes: different ones, of three attributes; count: requests.
        name: of the CLIP whose text tower gives the vectors.

    Returns:
        how prompts are written -> hits among all, and false ones among the hits, for each threshold.
    """
    rng = random.Random("wishes")
    specs = list({_three(Spec.sample(rng)): None for _ in range(2 * wishes)})[:wishes]
    asked = [int(number) for number in caches.zipf([str(k) for k in range(len(specs))], count, noise=False)]
    prompts = [captions.caption(specs[number], rng, rng.choice(captions.LANGUAGES)) for number in asked]
    written = {"原样": prompts, "换成世界里的说法": [captions.canonical(spec_of(text)) or text for text in prompts]}
    towers, rows = retrieval.towers(name), {}
    for way, texts in written.items():
        vectors = dict(zip(texts, towers.texts(texts), strict=True))
        rows[way] = [_sent(texts, asked, vectors, threshold) for threshold in thresholds]
    return rows


def _three(spec: Spec) -> Spec:
    return Spec(subject=spec.subject, colour=spec.colour, scene=spec.scene)


def _sent(
    texts: Sequence[str], asked: Sequence[int], vectors: dict[str, np.ndarray], threshold: float
) -> tuple[Share, Share]:
    """Count hits and false hits at one threshold."""
    cache = caches.SemanticCache(lambda some: vectors[some[0]][None], threshold)
    hits, wrong = [], []
    for text, wish in zip(texts, asked, strict=True):
        answer = cache.get(text)
        hits.append(answer is not None)
        if answer is None:
            cache.put(text, wish)
        else:
            wrong.append(answer[0] != wish)
    return Share.of("命中", hits, threshold), Share.of("命中里错的", wrong, threshold)


@dataclass(frozen=True)
class KeyValueRuns:
    """Hold runs with and without kept keys and values.

    Args:
        plain, kept: processor seconds of each run.
        same: the pictures are equal to the bit.
        computed, reused: products of keys and values in one run.
        shares: model -> their part of a step's operations, counted.
    """

    plain: tuple[float, ...]
    kept: tuple[float, ...]
    same: bool
    computed: int
    reused: int
    shares: dict[str, float]


def key_values(prompt: str = "一只红色的小猫", steps: int = 12, repeats: int = 2) -> KeyValueRuns:
    """Draw with and without kept keys and values, in turn."""
    from aigc_kit.make import image

    plan = image.plan_for(prompt, steps=steps, seed=8)
    unet = image.engine(plan).view(plan).pipe.unet
    image.run(plan)
    plain, kept, pictures = [], [], []
    for _ in range(repeats):
        start = time.process_time()
        pictures.append(np.asarray(image.run(plan).data))
        plain.append(time.process_time() - start)
        with cross_attention.kept(unet) as tally:
            start = time.process_time()
            pictures.append(np.asarray(image.run(plan).data))
            kept.append(time.process_time() - start)
    same = all(np.array_equal(each, pictures[0]) for each in pictures)
    tiny = cross_attention.share(paths.assets() / "models" / "tinysdxl", 128, 128, "float32")
    shares = {"小 SDXL": tiny} | {model: cross_attention.share(model) for model in ("sd15", "sdxl")}
    return KeyValueRuns(tuple(plain), tuple(kept), same, tally.computed, tally.reused, shares)


def own_pictures(most: int = 30, folder: Path | None = None) -> dict[str, np.ndarray]:
    """Find pictures that were made in other labs.

    Args:
        most: of them, the newest; folder: of the results, else `paths.out()`.

    Returns:
        name -> uint8 (H, W, 3); empty where nothing was made.
    """
    from PIL import Image

    place = folder or paths.out()
    files = [file for part in MADE_IN for file in place.glob(f"{part}*/**/*.png")]
    files += [file for part in MADE_IN for file in place.glob(f"{part}*.png")]
    newest = sorted(set(files), key=lambda file: file.stat().st_mtime, reverse=True)
    pictures: dict[str, np.ndarray] = {}
    for file in newest:
        if len(pictures) == most:
            break
        if file.with_suffix(".json").is_file():  # with a record: a model drew it, it is no plot
            with Image.open(file) as shown:
                pictures[str(file.relative_to(place))] = np.asarray(shown.convert("RGB"))
    return pictures


def waits(index: Any, texts: Sequence[str], engine: str = "numpy") -> np.ndarray:
    """Time searches one by one, float64 seconds each."""
    return retrieval.timed(lambda text: index.search([text], 5, engine=engine), texts)
