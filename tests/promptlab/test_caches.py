"""Caches: exact ones behave as a searched list, keys hold what decides, false hits are counted on known truth."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.promptlab import caches
from aigc_kit.promptlab.caches import Batcher, ExactCache, SemanticCache, TensorCache, bigrams, key, normal, poisson


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("gp"), st.sampled_from("abcdef")), max_size=60))
def test_the_oldest_leave_first(size, steps):
    """Against a list whose front is searched and moved by hand."""
    cache, rows = ExactCache(size), []
    for number, (kind, name) in enumerate(steps):
        hit = next((row for row in rows if row[0] == name), None)
        if kind == "g":
            assert cache.get(name) == (None if hit is None else hit[1])
        if hit is not None:
            rows.remove(hit)
        if kind == "p":
            cache.put(name, number)
            rows.append((name, number))
        elif hit is not None:
            rows.append(hit)
        rows = rows[-size:]
        assert cache.names == [row[0] for row in rows] and len(cache) == len(rows)
    assert cache.tally.hits + cache.tally.misses == sum(kind == "g" for kind, _ in steps)


def test_a_value_is_made_once_however_many_ask():
    cache, calls, gate = ExactCache(8), [], threading.Barrier(8)

    def ask(_):
        gate.wait()
        return cache.fetch("k", lambda: calls.append(1) or "v")

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {"v"}
    assert calls == [1] and cache.tally.hits == 7 and cache.tally.misses == 1


def test_many_threads_never_break_the_size_or_lose_a_value():
    cache = ExactCache(16)

    def work(seed):
        rng = np.random.default_rng(seed)
        for name in rng.integers(0, 40, 400):
            assert cache.fetch(str(name), lambda name=name: int(name) * 7) == name * 7

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    assert len(cache) == 16 and not cache._pending
    assert cache.tally.hits + cache.tally.misses == 6 * 400


def test_an_error_is_not_kept():
    cache = ExactCache(2)
    with pytest.raises(ZeroDivisionError):
        cache.fetch("k", lambda: 1 // 0)
    assert cache.fetch("k", lambda: 5) == 5 and "k" in cache


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(texts)
def test_normal_text_stays_normal_and_one_line(text):
    once = normal(text)
    assert normal(once) == once and "\n" not in once and "  " not in once


@given(texts, texts)
def test_keys_agree_exactly_where_the_normal_texts_do(one, two):
    keys = [key(text, template="t", model="m") for text in (one, two)]
    assert (keys[0] == keys[1]) == (normal(one) == normal(two))


def test_every_part_of_a_key_decides():
    base = {"template": "v1", "model": {"files": ["a"]}, "temperature": 0, "seed": 1}
    same = key("快递　到哪了？", **base)
    assert same == key("快递 到哪了?", **base) == key("快递 到哪了?", **dict(reversed(base.items())))
    others = [
        {"template": "v2"}, {"model": {"files": ["b"]}}, {"temperature": 0.7}, {"seed": 2}, {"tokens": 9},
    ]  # fmt: skip
    assert len({same, *(key("快递 到哪了?", **{**base, **each}) for each in others)}) == 6
    assert key("IT", **base) != key("it", **base)


def test_a_key_without_the_version_gives_the_old_prompts_answer():
    cache = ExactCache(9)
    for template in ("v1", "v2"):
        careless = cache.fetch(normal("在吗"), lambda template=template: template)
    assert careless == "v1"
    careful = [cache.fetch(key("在吗", template=v, model="m"), lambda v=v: v) for v in ("v1", "v2")]
    assert careful == ["v1", "v2"]


def test_a_file_comes_back_whole_or_not_at_all(tmp_path):
    cache = ExactCache(5)
    for number in range(7):
        cache.put(f"k{number}", {"答": number})
    path = cache.save(tmp_path / "cache.jsonl")
    again = ExactCache.read(path)
    assert again.names == cache.names and again.get("k6") == {"答": 6} and again.size == 5
    data = path.read_bytes()
    head, body = data.split(b"\n", 1)
    for damage in (
        b"", data[:-40], data[: len(data) // 2], head, data.replace(b'"k5"', b'"k9"'), body, b"\xff\xfe" + data,
        json.dumps({"format": "other"}).encode() + b"\n",
    ):  # fmt: skip
        path.write_bytes(damage)
        with pytest.raises(CannotLoad, match="delete it"):
            ExactCache.read(path)
    path.unlink()
    with pytest.raises(CannotLoad):
        ExactCache.read(path)
    assert len(ExactCache(1024)) == 0  # the advice


def test_bigrams_are_the_share_of_common_pairs():
    one, two = bigrams(["ab", "abc", ""])[:2]
    assert one @ one == pytest.approx(1) and np.linalg.norm(bigrams([""])) <= 1
    assert one @ two == pytest.approx(2 / (3 * 4) ** 0.5)  # " a", "ab" of three and of four pairs
    assert bigrams(["订单 17"])[0] @ bigrams(["xyz"])[0] == 0


def test_a_semantic_cache_finds_the_nearest_within_its_scope_and_guard():
    cache = SemanticCache(bigrams, 0.5)
    cache.put("订单 17 什么时候到", "周一", scope="v1")
    cache.put("怎么退货", "七天内", scope="v1")
    assert cache.get("订单 17 什么时候到啊", "v1")[:2] == ("周一", "订单 17 什么时候到")
    assert cache.get("订单 71 什么时候到", "v1")[0] == "周一", "a false hit: another order"
    assert cache.get("订单 17 什么时候到", "v2") is None and cache.get("猫为什么喜欢纸箱", "v1") is None
    guarded = SemanticCache(bigrams, 0.5, caches.slots)
    guarded.put("订单 17 什么时候到", "周一")
    assert guarded.get("订单 71 什么时候到") is None and guarded.get("订单 17 什么时候到了")[0] == "周一"
    guarded.put("订单 17 什么时候到", "周二")
    assert (
        guarded.get("订单 17 什么时候到") == ("周二", "订单 17 什么时候到", pytest.approx(1))
        and guarded.tally.rate == 2 / 3
    )
    exact = SemanticCache(bigrams, 1)
    exact.put("怎么退货", 1)
    assert exact.get("怎么退货")[0] == 1


def test_false_hits_are_counted_on_known_truth():
    stored, queries = caches.questions()
    assert len(set(stored)) == len(stored) == 29 and len(queries) == 200
    assert all(-1 <= each.truth < len(stored) and 0 <= each.nearest < len(stored) for each in queries)
    hits, false, right = caches.false_hits(0.85)
    by_hand = [each for each in queries if each.cosine >= 0.85]
    assert hits.held == len(by_hand) and false.held == sum(each.truth != each.nearest for each in by_hand)
    assert right.count == sum(each.truth >= 0 for each in queries)
    shares = [caches.false_hits(t)[1].share for t in (0.8, 0.85, 0.9, 0.95, 0.99)]
    assert min(shares) > 0.3, "no threshold makes it safe"
    assert caches.false_hits(0.85, guard=caches.slots)[1].share < false.share
    assert caches.false_hits(1.1)[0].held == 0 and caches.false_hits(0.55, bigrams)[0].held > 50


def test_a_zipf_stream_is_the_same_at_every_call_and_few_texts_come_often():
    some = [f"问题，{k}!" for k in range(50)]
    stream = caches.zipf(some, 4000, noise=False)
    assert stream == caches.zipf(some, 4000, noise=False)
    share = stream.count(some[0]) / 4000
    truth = 1 / sum((k + 1) ** -1.1 for k in range(50))
    assert share == pytest.approx(truth, abs=4 * (truth * (1 - truth) / 4000) ** 0.5)
    typed = caches.zipf(some, 400)
    assert len(set(typed)) > len(set(map(normal, typed))) > 50  # ends are other texts: normal() does not guess


def test_tensors_are_kept_by_bytes_and_nobody_changes_them():
    torch = pytest.importorskip("torch")
    cache, calls = TensorCache(1000), []

    def make(value, count=100):
        calls.append(value)
        return (torch.full((count,), float(value)),)

    (one,) = cache.fetch("a", lambda: make(1))
    one += 9
    (again,) = cache.fetch("a", lambda: make(1))
    again += 9
    assert cache.fetch("a", lambda: make(1))[0].sum() == 100 and calls == [1] and cache.held == 400
    cache.fetch("b", lambda: make(2))
    cache.fetch("a", lambda: make(1))
    cache.fetch("c", lambda: make(3))  # 1200 bytes: b, used longest ago, leaves
    assert cache.held == 800 and cache.tally.dropped == 1
    cache.fetch("a", lambda: make(1))
    cache.fetch("b", lambda: make(2))
    assert calls == [1, 2, 3, 2]
    assert cache.fetch("big", lambda: make(5, 900))[0].shape == (900,) and cache.held <= 1000
    cache.fetch("big", lambda: make(5, 900))
    assert calls[-2:] == [5, 5], "what is larger than the cache is not kept"


def run(work):
    return asyncio.run(asyncio.wait_for(work, 60))


@pytest.mark.parametrize("most", [1, 4, 100])
def test_everybody_gets_the_answer_to_their_own_prompt(most):
    async def work():
        async with Batcher(lambda some: [text * 2 for text in some], most, 0.001) as desk:
            answers = await poisson(desk, [f"p{k}" for k in range(40)], rate=5000)
        return answers, desk.latency("x")

    answers, latency = run(work())
    assert answers == [f"p{k}" * 2 for k in range(40)]
    assert sum(latency.batches) == 40 and max(latency.batches) <= most and len(latency.seconds) == 40
    assert 0 < latency.at(50) <= latency.at(99)


def test_an_error_goes_to_its_own_batch_alone():
    def ask(some):
        if "bad" in some:
            raise ValueError("cannot read this")
        return some

    async def work():
        async with Batcher(ask, 1, 0) as desk:
            return await asyncio.gather(*(desk.ask(text) for text in ("a", "bad", "b")), return_exceptions=True)

    one, error, two = run(work())
    assert (one, two) == ("a", "b") and isinstance(error, ValueError)


def test_leaving_answers_what_waits_and_a_closed_desk_says_so():
    async def work():
        desk = Batcher(list, 50, 30)  # nobody waits thirty seconds: leaving ends the wait
        async with desk:
            waiting = [asyncio.create_task(desk.ask(text)) for text in "abc"]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*waiting)
        with pytest.raises(BadInput, match="closed"):
            await desk.ask("d")
        return answers

    assert run(work()) == ["a", "b", "c"]


def test_who_gives_up_is_not_asked_for():
    seen = []

    async def work():
        async with Batcher(lambda some: seen.extend(some) or some, 50, 0.05) as desk:
            gone, stays = asyncio.create_task(desk.ask("gone")), asyncio.create_task(desk.ask("stays"))
            await asyncio.sleep(0)
            gone.cancel()
            return await stays

    assert run(work()) == "stays" and seen == ["stays"]


def test_too_few_answers_are_an_error_for_all():
    async def work():
        async with Batcher(lambda some: some[:1], 5, 0.01) as desk:
            return await asyncio.gather(desk.ask("a"), desk.ask("b"), return_exceptions=True)

    assert all(isinstance(each, BadInput) for each in run(work()))


def embeds(values):
    return lambda texts: np.array([values] * len(texts), float)


BAD = [
    lambda: key("  ", template="v", model="m"),
    lambda: key("a", template="", model="m"),
    lambda: key("a", template="v", model={}),
    lambda: key("a", template="v", model="m", seed=object()),
    lambda: ExactCache(0),
    lambda: ExactCache(2.5),
    lambda: ExactCache(True),
    lambda: TensorCache(0),
    lambda: SemanticCache(bigrams, 2),
    lambda: SemanticCache(bigrams, float("nan")),
    lambda: SemanticCache(bigrams, 0.9).get(""),
    lambda: SemanticCache(embeds([np.nan]), 0.9).put("a", 1),
    lambda: Batcher(list, most=0),
    lambda: Batcher(list, wait=-1),
    lambda: run(poisson(Batcher(list), ["a"], rate=0)),
]


@pytest.mark.parametrize("call", BAD, ids=[f"{k}" for k in range(len(BAD))])
def test_bad_input(call):
    with pytest.raises(BadInput):
        call()
