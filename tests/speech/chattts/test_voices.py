"""Speakers with the real package: its strings are ours bit by bit, and each speaker is heard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.make.speech import Segment, Settings, base16384, speaker_store, speakers
from aigc_kit.make.speech.speakers import Speaker, blend

PLAIN = Settings(refine=False)
TEXT = "春天来了，花都开了。"


@given(st.binary(min_size=1, max_size=300))
def test_the_notation_is_that_of_pybase16384(data):
    import pybase16384

    assert base16384.encode_base16384(data) == pybase16384.encode_to_string(data)
    assert base16384.decode_base16384(pybase16384.encode_to_string(data)) == data


@pytest.mark.parametrize("dim", [64, 768])
def test_strings_are_those_of_the_package(dim):
    import torch
    from ChatTTS.model import Speaker as Package

    vector = np.random.default_rng(dim).normal(0, 2, dim).astype(np.float16)
    code = Package._encode(torch.from_numpy(vector))
    assert speakers.encode(vector) == code
    assert speakers.decode(code, dim).tobytes() == vector.tobytes() == Package._decode(code).tobytes()


def test_a_speaker_of_the_real_size_drawn_by_the_package_comes_in_and_goes_out_the_same():
    import torch
    from ChatTTS.config import Config
    from ChatTTS.model import Speaker as Package

    package = Package(768, Config().spk_stat)
    torch.manual_seed(5)
    code = package.sample_random()
    assert speakers.encode(speakers.decode(code)) == code
    mean, std = package.mean.numpy(), package.std.numpy()
    assert speakers.encode(speakers.sample(mean, std, 5)) == code


def test_sampling_is_repeatable_and_leaves_torch_alone(engine):
    import torch

    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    assert engine.sample_speaker("a", 7).code == engine.sample_speaker("b", 7).code
    assert engine.sample_speaker("a", 8).code != engine.sample_speaker("a", 7).code
    assert torch.rand(1) == expected


def test_speakers_are_heard_and_blends_are_others(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    a, b = engine.sample_speaker("甲", 11), engine.sample_speaker("乙", 12)
    mixed = blend(a, b, 0.5, "丙")
    for speaker in (a, b, mixed):
        speaker_store.keep(speaker)
    waves = {
        name: engine.speak(Segment(TEXT, TEXT, voice=name), PLAIN).wave.tobytes() for name in ("甲", "乙", "丙", None)
    }
    assert len(set(waves.values())) == 4
    assert engine.speak(Segment(TEXT, TEXT, voice=a.code), PLAIN).wave.tobytes() == waves["甲"]
    again = engine.speak(Segment(TEXT, TEXT, voice=a.name), PLAIN).wave.tobytes()
    assert again == waves["甲"]


def test_length_of_the_vector_does_not_matter(chat, engine):
    a = engine.sample_speaker("甲", 1)
    twice = Speaker("甲二", "chattts", speakers.encode(a.vector * np.float16(2)))
    first, second = (engine.speak(Segment(TEXT, TEXT, voice=s.code), PLAIN).wave for s in (a, twice))
    assert len(first) == len(second)
    np.testing.assert_allclose(first, second, rtol=1e-2, atol=1e-2 * np.abs(first).max())


def test_speakers_of_others_are_refused(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    with pytest.raises(UnknownName, match="not kept on this machine"):
        engine.speaker("谁")
    speaker_store.keep(Speaker("内置", "fastspeech2"))
    with pytest.raises(BadInput, match="one of fastspeech2"):
        engine.speaker("内置")
    large = Speaker("大", "chattts", speakers.encode(np.random.default_rng(0).normal(size=768)))
    with pytest.raises(BadInput, match="other dimensions"):
        engine.speaker(large.code)
    with pytest.raises(BadInput, match="the character 'x'"):
        engine.speaker("x" * 200)
