"""Speaking with the real package: one exact wave per segment, streams that join, limits that are told."""

from itertools import permutations

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import Segment, Settings, split

TEXTS = ["今天的天气真不错。", "我们去公园走走吧。", "你好世界", "hello world, good day.", "春天来了，花都开了。"]
PLAIN = Settings(refine=False)


def segments(*texts):
    return [Segment(text, text, index) for index, text in enumerate(texts)]


def package_params(chat, engine, **more):
    given = {"prompt": "[speed_5]", "spk_emb": engine.speaker(None).code, "manual_seed": 0, "show_tqdm": False}
    return chat.InferCodeParams(**{**given, **more})


def tokens(chat, engine, texts, **more):
    """How many tokens the package makes of each text of a batch."""
    (made,) = chat._infer_code(list(texts), False, chat.device, True, package_params(chat, engine, **more))
    return [len(ids) for ids in made.ids]


def test_one_exact_wave_per_segment(chat, engine):
    counts = tokens(chat, engine, TEXTS[:4])
    made = list(engine.speak_all(segments(*TEXTS[:4]), PLAIN))
    assert [len(one.wave) for one in made] == [512 * count - 256 for count in counts]
    assert all(one.wave.dtype == np.float32 and one.wave.ndim == 1 and np.isfinite(one.wave).all() for one in made)


def test_the_package_joins_a_list_into_one_and_we_do_not(chat, engine):
    params = package_params(chat, engine, max_new_token=50)
    assert len(chat.infer(TEXTS[:3], skip_refine_text=True, params_infer_code=params)) == 1
    assert params.spk_smp is not None  # and it has changed what it was given
    assert len(list(engine.speak_all(segments(*TEXTS[:3]), PLAIN))) == 3


def test_the_package_leaves_a_tail_and_drops_samples_and_we_do_not(chat, engine):
    texts = TEXTS[:4]
    counts = tokens(chat, engine, texts)
    assert min(counts) < max(counts) - 5
    padded = chat.infer(texts, split_text=False, skip_refine_text=True, params_infer_code=package_params(chat, engine))
    short, long = int(np.argmin(counts)), int(np.argmax(counts))
    assert len(padded[short]) > 512 * counts[short] + 2000
    assert len(padded[long]) < 512 * counts[long] - 256  # samples below 1e-5 are taken out
    ours = list(engine.speak_all(segments(*texts), PLAIN))
    assert len(ours[short].wave) == 512 * counts[short] - 256
    assert len(ours[long].wave) == 512 * counts[long] - 256


def test_the_package_loses_samples_when_it_streams_many_segments(chat, engine):
    texts = [TEXTS[4]] * 6
    given = {"skip_refine_text": True, "split_text": True}

    def total(stream):
        params = package_params(chat, engine, max_new_token=50)
        return sum(part.shape[1] for part in chat._infer(list(texts), stream=stream, params_infer_code=params, **given))

    assert total(stream=False) - total(stream=True) > 5_000


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("seed", [3])
def test_the_parts_of_a_stream_are_the_whole(engine, text, seed):
    (segment,) = segments(text)
    whole = engine.speak(segment, PLAIN, seed=seed).wave
    parts = list(engine.stream(segment, PLAIN, seed=seed))
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    joined = np.concatenate([part.wave for part in parts])
    np.testing.assert_allclose(joined, whole, atol=2e-5 * max(1.0, np.abs(whole).max()))


def test_a_long_stream_comes_in_many_parts(chat, engine):
    tried = ((text, seed) for seed in (0, 3, 1, 2) for text in reversed(TEXTS))
    text, seed = next(one for one in tried if tokens(chat, engine, one[:1], manual_seed=one[1])[0] > 90)
    (segment,) = segments(text)
    parts = [part.wave for part in engine.stream(segment, PLAIN, seed=seed)]
    assert len(parts) >= 4
    np.testing.assert_allclose(
        np.concatenate(parts), engine.speak(segment, PLAIN, seed=seed).wave, atol=1e-3, rtol=1e-3
    )


def test_the_reach_is_what_the_layers_say_and_not_less(chat, engine):
    import torch

    from aigc_kit.make.speech.engines.chattts import decode, reach_of

    # by hand: DVAE 1 + 1 + 2 blocks of 6 + 1, Vocos 3 + 2 blocks of 3, overlap 2: 26 frames, 13 tokens and one to spare
    assert reach_of(chat) == 14
    hidden = torch.randn(60, 64, generator=torch.Generator().manual_seed(0))
    changed = hidden.clone()
    changed[40:] = 0
    same, other = decode(chat, hidden), decode(chat, changed)
    np.testing.assert_allclose(same[: 512 * (40 - 14)], other[: 512 * (40 - 14)], atol=1e-5)
    assert np.abs(same[: 512 * 40] - other[: 512 * 40]).max() > 1e-3


def test_the_same_seed_gives_the_same_wave_and_the_package_defaults_stay(chat, engine):
    from ChatTTS import Chat

    (segment,) = segments(TEXTS[0])
    first = engine.speak(segment, PLAIN, seed=1).wave
    assert engine.speak(segment, PLAIN, seed=1).wave.tobytes() == first.tobytes()
    assert engine.speak(segment, PLAIN, seed=2).wave.tobytes() != first.tobytes()
    params = Chat.infer.__defaults__[-1]
    assert (params.spk_smp, params.txt_smp, params.spk_emb) == (None, None, None)


def test_a_stream_that_is_left_early_leaves_nothing_behind(engine):
    (segment,) = segments(TEXTS[1])
    whole = engine.speak(segment, PLAIN, seed=3).wave
    parts = engine.stream(segment, PLAIN, seed=3)
    next(parts)
    parts.close()
    assert engine.speak(segment, PLAIN, seed=3).wave.tobytes() == whole.tobytes()


def test_levels_and_sampling_reach_the_model(chat, engine, monkeypatch):
    seen = []
    real = chat._infer_code
    monkeypatch.setattr(chat, "_infer_code", lambda *given: seen.append(given[-1]) or real(*given))
    settings = Settings(refine=False, speed=8, temperature=0.7, top_p=0.5, top_k=7)
    list(engine.speak_all(segments(*TEXTS[:2]), settings, seed=9))
    list(engine.speak_all(segments(*TEXTS[:2]), PLAIN, seed=9))
    first, second = seen[0], seen[-1]
    assert (first.prompt, first.temperature, first.top_P, first.top_K) == ("[speed_8]", 0.7, 0.5, 7)
    assert (second.prompt, second.temperature, second.top_P, second.top_K) == ("[speed_5]", 0.3, 0.7, 20)
    assert first.manual_seed == second.manual_seed == 9
    assert first is not second
    assert second.max_new_token == 2048


def test_speed_changes_what_is_heard(engine):
    (segment,) = segments(TEXTS[0])
    waves = {engine.speak(segment, Settings(refine=False, speed=s)).wave.tobytes() for s in (2, 5, 8)}
    assert len(waves) == 3


def test_the_limit_of_tokens_is_told_and_the_text_said_in_halves(chat, engine):
    for first, second in permutations(TEXTS[:2] + TEXTS[4:], 2):
        text = first + second
        whole, *both = (tokens(chat, engine, [one])[0] for one in (text, *split.halves(text)))
        if whole > max(both):
            break
    engine.most_tokens = whole
    made = engine.speak(Segment(text, text), PLAIN)
    (change,) = [c for c in made.changes if "分成两半" in c.why]
    assert change.after == " | ".join(split.halves(text))
    assert f"{whole} 个 token" in change.why
    assert len(made.wave) == sum(512 * count - 256 for count in both)


def test_what_cannot_be_halved_is_an_error(engine):
    engine.most_tokens = 3
    (segment,) = segments("好天气")
    with pytest.raises(BadInput, match=r"did not end within 3 tokens \(0\.1 s\)"):
        engine.speak(segment, PLAIN, seed=1)
    with pytest.raises(BadInput, match="did not end within 3 tokens"):
        list(engine.stream(segment, PLAIN, seed=1))


@pytest.fixture
def ends_at_once(chat):
    weights = [head.parametrizations.weight.original0 for head in chat.embed.head_code]
    before = [weight.data.clone() for weight in weights]
    for weight in weights:
        weight.data[-1] = 500.0
    yield
    for weight, old in zip(weights, before, strict=True):
        weight.data.copy_(old)


def test_a_model_that_ends_at_once_is_an_error_and_no_recursion(chat, engine, ends_at_once):
    nothing = list(chat._infer_code([TEXTS[0]], False, chat.device, True, package_params(chat, engine)))
    assert nothing == []  # with a seed the package gives nothing; without one it recurses until Python gives up
    (segment,) = segments(TEXTS[0])
    for speak in (lambda: engine.speak(segment, PLAIN), lambda: list(engine.stream(segment, PLAIN))):
        with pytest.raises(BadInput, match="ended at once"):
            speak()


def test_a_seed_that_ends_at_once_gives_way_to_the_next_and_says_so(chat, engine, monkeypatch):
    real = chat._infer_code
    monkeypatch.setattr(chat, "_infer_code", lambda *given: iter(()) if given[-1].manual_seed == 3 else real(*given))
    one, two = segments(*TEXTS[:2])
    expected = engine.speak(one, PLAIN, seed=4).wave
    for made in (engine.speak(one, PLAIN, seed=3), list(engine.stream(one, PLAIN, seed=3))[-1]):
        assert "用了种子 4" in made.changes[-1].why
    assert engine.speak(one, PLAIN, seed=3).wave.tobytes() == expected.tobytes()
    assert ["种子 4" in made.changes[-1].why for made in engine.speak_all([one, two], PLAIN, seed=3)] == [True, True]


def test_every_segment_is_spoken_by_its_own_voice(engine):
    voices = [engine.sample_speaker("甲", 11).code, engine.sample_speaker("乙", 12).code]
    texts = [Segment(TEXTS[0], TEXTS[0], index, voice) for index, voice in enumerate(voices)]
    made = [one.wave.tobytes() for one in engine.speak_all(texts, PLAIN)]
    assert made == [engine.speak(segment, PLAIN).wave.tobytes() for segment in texts]
    assert made[0] != made[1]


def test_refining_is_told_and_its_losses_too(chat, engine, monkeypatch):
    seen = []
    real = chat._refine_text
    monkeypatch.setattr(chat, "_refine_text", lambda *given: seen.append(given[-1]) or real(*given))
    settings = Settings(oral=2, laugh=0, breaks=6)
    made = engine.speak(Segment("你好世界", "你好世界"), settings, seed=1)
    assert seen[0].prompt == "[oral_2][laugh_0][break_6]"
    (change,) = [c for c in made.changes if c.why == "模型改写（refine）"]
    assert change.before == "你好世界"
    params = chat.RefineTextParams(prompt=seen[0].prompt, manual_seed=1, show_tqdm=False, ensure_non_empty=False)
    expected = chat.infer("你好世界", refine_text_only=True, params_refine_text=params)
    assert change.after == expected.strip() == engine.refine("你好世界", settings, seed=1)
    missing = [c for c in "你好世界" if c not in expected]
    assert [u.text for u in made.unspoken] == ["".join(missing)] * bool(missing)


def test_a_rewriting_that_is_cut_off_is_not_used(engine, monkeypatch):
    monkeypatch.setattr("aigc_kit.make.speech.engines.chattts_text.MOST_REFINED", 2)
    made = engine.speak(Segment("你好世界", "你好世界"), Settings())
    (change,) = made.changes
    assert (change.before, change.after) == ("你好世界", "你好世界")
    assert "改写没有写完" in change.why


def test_many_segments_in_batches_with_refining(engine):
    texts = [TEXTS[i % 5] for i in range(5)]
    made = list(engine.speak_all(segments(*texts), Settings(), seed=2))
    assert len(made) == 5
    assert all(len(one.wave) > 0 for one in made)
