"""The browser edition's scripts: rules for words, chance, tokens, schedulers and filters are the kit's."""

import json
import os
import random

import numpy as np
import pytest
from browsing import needs_chromium

from aigc_kit import cards, fetch
from aigc_kit.core import paths
from aigc_kit.make.text import sampling
from aigc_kit.make.text.settings import Settings
from aigc_kit.teach.site import contents, playgrounds, word_lists
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.vocab import phrase, promised

pytestmark = needs_chromium
SLOW = os.environ.get("AIGC_SLOW") == "1"
SHARED = (
    "phraseOf clipPhraseOf lexiconOf torchNoise numpyUniform clipTokens clipTextTokens textTokens eulerStep UniPC "
    "stagesOf probabilities drawn bytesOfText"
)


@pytest.fixture(scope="module")
def rules(browser):
    """A page with the rules alone: run(body, *arguments) in it."""
    page = browser.new_page()
    source = "\n".join(playgrounds.source(f"{name}.js") for name in (*playgrounds.RULES, "sampling"))
    page.evaluate(f"() => {{ {source}\n window.rules = {{ {', '.join(SHARED.split())} }}; }}")
    yield lambda body, argument=None: page.evaluate(f"argument => {{ const r = window.rules; {body} }}", argument)
    page.close()


def prompts(count):
    """Frozen prompts of learners, and words of the world thrown together."""
    rows = json.loads((paths.assets().parent / "assets" / "prompts" / "image_eval.json").read_text(encoding="utf-8"))
    texts: list[str] = []

    def gather(value):
        if isinstance(value, str) and 2 < len(value) < 200:
            texts.append(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            gather(inner)

    gather(rows)
    chance, words = random.Random(0), [word for word, *_ in word_lists.word_lists()["clip"]["words"]]
    words += [
        "的",
        "在",
        "、",
        "，",
        ", ",
        "不要",
        "没有",
        "而",
        "🐶",
        "Ａ",
        "no ",
        "not a ",
        "without ",
        "or ",
        "and a ",
        "红",
        "小",
    ]
    mixed = ["".join(chance.choices(words, k=chance.randint(2, 8))) for _ in range(count // 2)]
    return chance.sample(texts, min(len(texts), count // 2)) + mixed


def told(read):
    kept = [[hit.text, hit.attribute, hit.value] for hit in read.kept]
    return [read.phrase, read.language, kept, [[piece.text, piece.why] for piece in read.dropped]]


def test_a_prompt_is_read_as_the_kit_reads_it(rules):
    texts = prompts(2000 if SLOW else 160)
    answers = rules(
        """const lists = argument.lists, picture = r.lexiconOf(lists.picture), clip = r.lexiconOf(lists.clip);
        const told = (read) => [read.phrase, read.language,
          read.kept.map((hit) => [hit.text, hit.attribute, hit.value]),
          read.dropped.map((piece) => [piece.text, piece.why])];
        return argument.texts.map((text) => [r.phraseOf(text, lists, picture), r.phraseOf(text, lists, picture, true),
          r.clipPhraseOf(text, lists, clip), r.clipPhraseOf(text, lists, clip, true)].map(told));""",
        {"lists": json.loads(json.dumps(word_lists.word_lists())), "texts": texts},
    )
    for text, answer in zip(texts, answers, strict=True):
        ways = [reader(text, negative=side) for reader in (phrase, clip_phrase) for side in (False, True)]
        assert answer == [told(promised(way) if place < 2 else way) for place, way in enumerate(ways)], text


@pytest.mark.parametrize("seed", [0, 42, 4294967295])
def test_a_seed_gives_torchs_noise_and_numpys_numbers(rules, seed):
    import torch

    noise = rules("return Array.from(r.torchNoise(argument, 4096))", seed)
    assert np.allclose(noise, torch.randn(4096, generator=torch.Generator().manual_seed(seed)), atol=5e-6)
    numbers = rules("const next = r.numpyUniform(argument); return Array.from({length: 50}, next)", seed)
    assert numbers == np.random.Generator(np.random.PCG64(seed)).random(50).tolist()


def test_tokens_are_the_libraries(rules):
    from transformers import AutoTokenizer

    texts = ["一只小狗，在花丛里", "a yellow star, in the forest", "一颗红色的爱心，像素画风格", "neon style, don't"]
    folder = fetch.find(cards.get("tinysdxl"))
    for name in ("tokenizer", "tokenizer_2"):
        answers = rules(
            "return argument.texts.map((text) => r.clipTokens(text, argument.table).ids)",
            {"table": contents.tokenizer_table(folder / name), "texts": texts},
        )
        library = AutoTokenizer.from_pretrained(folder / name)
        assert answers == library(texts, padding="max_length", max_length=77).input_ids
    folder = fetch.find(cards.get("tinywan"))
    clips = ["一个红色的圆球跳跃，在海边", "a purple heart growing, on the moon", "low quality, watermark", "", "犇 x"]
    answers = rules(
        "return argument.texts.map((text) => r.clipTextTokens(text, argument.table))",
        {"table": contents.tokenizer_table(folder / "tokenizer"), "texts": clips},
    )
    assert answers == AutoTokenizer.from_pretrained(folder / "tokenizer")(clips).input_ids
    lines = {
        "poem": ["<五绝>春晓<诗>", "春𠀀眠"],
        "tinychat": ["<用户>我的手机还没收到\n任务：判断意图<助手>", "犇犇 3.5元"],
    }
    for name, some in lines.items():
        folder = fetch.find(cards.get(name))
        answers = rules(
            "return argument.texts.map((text) => r.textTokens(text, argument.table))",
            {"table": contents.tokenizer_table(folder), "texts": some},
        )
        assert answers == [AutoTokenizer.from_pretrained(folder)(line).input_ids for line in some]


@pytest.mark.parametrize("steps", [1, 2, 3, 8, 20])
def test_schedulers_step_as_diffusers(rules, steps):
    import torch
    from diffusers import EulerDiscreteScheduler, UniPCMultistepScheduler

    body = """let x = Float32Array.from(argument.x), cleans = [];
      const solver = argument.flow ? new r.UniPC(Float32Array.from(argument.sigmas)) : null;
      for (let i = 0; i < argument.steps; i++) {
        const guess = x.map((value, k) => Math.fround(Math.sin(value + k) ));
        const next = solver ? solver.step(x, guess) : r.eulerStep(x, guess, argument.sigmas[i], argument.sigmas[i + 1]);
        x = next.after; cleans.push(Array.from(next.clean));
      }
      return [Array.from(x), cleans];"""
    for kind, name in ((EulerDiscreteScheduler, "tinysdxl"), (UniPCMultistepScheduler, "tinywan")):
        scheduler = kind.from_pretrained(fetch.find(cards.get(name)) / "scheduler")
        scheduler.set_timesteps(steps)
        flow = kind is UniPCMultistepScheduler
        start = torch.randn(1, 16, generator=torch.Generator().manual_seed(1))
        sigmas = scheduler.sigmas.tolist()
        x = start if flow else start * 3.0
        argument = {"x": x.flatten().tolist(), "sigmas": sigmas, "steps": steps, "flow": flow}
        after, _ = rules(body, argument)
        for time in scheduler.timesteps:
            if not flow:
                scheduler.scale_model_input(x, time)
            guess = torch.sin(x + torch.arange(16)).float()
            x = scheduler.step(guess, time, x).prev_sample
        assert np.allclose(after, x.flatten(), atol=2e-3 if not flow else 2e-4), name


@pytest.mark.parametrize("seed", range(4))
def test_filters_and_draws_are_the_kits(rules, seed):
    chance = np.random.default_rng(seed)
    scores = (chance.normal(size=300) * 3).astype(np.float32)
    for temperature, top_k, top_p in (
        (0.7, None, 1.0),
        (1.3, 40, 1.0),
        (1.0, None, 0.9),
        (0.5, 20, 0.6),
        (0.0, None, 1.0),
    ):
        stages = sampling.warp(scores, Settings(temperature=temperature, top_k=top_k, top_p=top_p))
        truth = stages[-1].probabilities
        argument = {"scores": scores.tolist(), "temperature": temperature, "topK": top_k or 0, "topP": top_p}
        chances, picks = rules(
            """const chances = r.probabilities(r.stagesOf(Float32Array.from(argument.scores), argument).nucleus);
            const next = r.numpyUniform(7);
            return [Array.from(chances), Array.from({length: 30}, () => r.drawn(chances, next()))];""",
            argument,
        )
        assert np.array_equal(np.array(chances) > 0, truth > 0) and np.allclose(chances, truth, atol=1e-6)
        draws = np.random.Generator(np.random.PCG64(7))
        assert picks == [sampling.draw(truth, draws) for _ in range(30)]
