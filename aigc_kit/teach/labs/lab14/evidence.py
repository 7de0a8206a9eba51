"""Run what is measured: releases, a stream, a queue, encoders."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aigc_kit.core.statistics import Share
from aigc_kit.promptlab import caches, diff
from aigc_kit.promptlab.caches.batching import Latency
from aigc_kit.promptlab.diff.release import Release
from aigc_kit.worlds.shop.prompt_tasks import all_tasks

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask.asking import Asker

LABELS = ("退款", "物流", "换货", "咨询", "投诉", "表扬")
LISTED = diff.Assertion("六个标签都在", "terms", on="prompt", must=LABELS)


def pair_codes(asker: "Asker", count: int = 60) -> dict[str, tuple[Release, Release]]:
    """Compare ten pairs of the shop, and with a rule.

    The rule: a prompt names all six labels.
    """
    inputs = diff.shop_inputs("intent", count)
    releases = {}
    for name, (old, new, _) in diff.TEN.items():
        two = diff.Original("旧版", old), diff.Original("新版", new)
        plain, ruled = (
            diff.compare(*two, inputs=inputs, asker=asker, assertions=rules, only=("facts", "assertions", "runs"))
            for rules in ((), (LISTED,))
        )
        releases[name] = (plain, ruled)
    return releases


def stream(sizes: Sequence[int], texts: int = 300, count: int = 3000) -> dict[str, list[float]]:
    """Send a Zipf stream through caches of several sizes.

    Returns:
        how keys are written -> share of hits for each size.
    """
    some = [item.text for item in all_tasks()["intent"].items(texts, split="held", seed=14)]
    requests = caches.zipf(some, count)
    ways = {"原样": str, "规范化以后": caches.normal}
    shares: dict[str, list[float]] = {}
    for name, write in ways.items():
        names = [caches.key(text, template=name, model="m") if write is caches.normal else text for text in requests]
        for size in sizes:
            cache = caches.ExactCache(size)
            for each in names:
                cache.fetch(each, bool)
            shares.setdefault(name, []).append(cache.tally.rate)
    return shares


def alike(thresholds: Sequence[float], texts: int = 150, count: int = 600) -> list[tuple[Share, Share]]:
    """Send a Zipf stream through semantic caches of several thresholds.

    The answer to a message is its intent; cosines are those of `caches.bigrams`, computed now.

    Returns:
        hits among all requests, and false ones among the hits, for each threshold.
    """
    items = all_tasks()["intent"].items(texts, split="held", seed=14)
    known = {item.text: item.answer for item in items}
    some = list(known)
    labels = [known[text] for text in caches.zipf(some, count, noise=False)]
    vectors = {text: caches.bigrams([text]) for text in caches.zipf(some, count)}
    rows = []
    for threshold in thresholds:
        cache, wrong = caches.SemanticCache(lambda asked: vectors[asked[0]], threshold), []
        for text, answer in zip(caches.zipf(some, count), labels, strict=True):
            hit = cache.get(text)
            if hit is None:
                cache.put(text, answer)
            else:
                wrong.append(hit[0] != answer)
        held = cache.tally.hits
        hits = Share.of("命中", [True] * held + [False] * (count - held), threshold)
        rows.append((hits, Share.of("命中里错的", wrong, threshold)))
    return rows


async def queue(
    asker: "Asker", count: int = 80, ways: Sequence[tuple[int, float]] = ((1, 0.0), (32, 0.02))
) -> list[Latency]:
    """Ask in a crowd, one by one and in batches.

    Requests come at random times, twice as many a second as one by one can be answered here. Prompts differ, so no
    cache helps.

    Args:
        asker: whose backend answers; its cache is left out.
        count: requests of each way.
        ways: size of a batch, seconds that its first waits.
    """
    task = all_tasks()["intent"]
    prompts = [task.prompt(task.instruction, item) for item in task.items(count, split="held", seed=140)]

    def answered(some: list[str]) -> list[str]:
        return [reply.text for reply in asker.backend.answers(some, asker.how)]

    start = time.perf_counter()
    for prompt in prompts[:8]:
        answered([prompt])
    rate = 2 * 8 / (time.perf_counter() - start)
    latencies = []
    for most, wait in ways:
        async with caches.Batcher(answered, most, wait) as desk:
            await caches.poisson(desk, prompts, rate)
        name = "一个一个答" if most == 1 else f"攒一批（最多 {most} 个，等 {1000 * wait:.0f} ms）"
        latencies.append(desk.latency(name))
    return latencies


def encoders(prompt: str = "一只红色的小猫", repeats: int = 10) -> dict[str, float]:
    """Measure what keeping prompt embeddings saves of a picture.

    Returns:
        CPU seconds: "编码" and "整张图" of the tiny SDXL (20 steps), "取缓存"; share "编码占".
    """
    from aigc_kit.make import image

    plan = image.plan_for(prompt, steps=20, seed=14)
    pipe, cache = image.engine(plan).view(plan).pipe, caches.TensorCache(10**7)
    name = caches.key(prompt, template="none", model=plan.card.name)

    def encoded() -> tuple:
        return tuple(pipe.encode_prompt(prompt, device="cpu", do_classifier_free_guidance=True))

    encoded()
    seconds = {}
    for what, work in (("编码", encoded), ("取缓存", lambda: cache.fetch(name, encoded))):
        work()
        start = time.process_time()
        for _ in range(repeats):
            work()
        seconds[what] = (time.process_time() - start) / repeats
    start = time.process_time()
    image.run(plan)
    seconds["整张图"] = time.process_time() - start
    return {**seconds, "编码占": seconds["编码"] / seconds["整张图"]}
