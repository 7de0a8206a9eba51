"""Speakers: ChatTTS's string bit by bit, hostile strings end in errors, blends lie between, kept is kept."""

import json
import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import AigcError, BadInput, UnknownName
from aigc_kit.make.speech import speaker_store, speakers
from aigc_kit.make.speech.speakers import Speaker, blend, decode, encode

RAW = {"format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]}


def vector(seed: int, dim: int = 768) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, dim).astype(np.float16)


def code_of(raw: bytes) -> str:
    return speakers.encode_base16384(lzma.compress(raw, **RAW))


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    return tmp_path


@given(st.binary(max_size=200))
def test_bytes_come_back_from_their_characters(data):
    text = speakers.encode_base16384(data)
    assert speakers.decode_base16384(text) == data
    assert len(text) == -(-len(data) * 8 // 14) + bool(len(data) % 7)


def test_the_notation_is_the_one_by_hand():
    # 0x61 is 0110 0001; as the first of 14 bits that is 0x1840, so U+4E00 + 0x1840, then one byte: U+3D01
    assert speakers.encode_base16384(b"a") == chr(0x4E00 + 0x1840) + chr(0x3D01)
    assert speakers.encode_base16384(b"\xff" * 7) == chr(0x4E00 + 0x3FFF) * 4


@given(st.text("一丁七㴀㴁㴆㴇a", max_size=12) | st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        data = speakers.decode_base16384(text)
    except AigcError:
        return
    assert speakers.encode_base16384(data) == text


@given(st.integers(0, 500), st.sampled_from([1, 64, 767, 768]))
def test_a_speaker_comes_back_bit_by_bit(seed, dim):
    original = vector(seed, dim)
    code = encode(original)
    assert decode(code, dim).tobytes() == original.tobytes()
    assert decode(code, dim).dtype == np.float16
    assert encode(decode(code, dim)) == code
    assert lzma.decompress(speakers.decode_base16384(code), **RAW) == original.tobytes()  # as ChatTTS reads it


def test_subnormal_and_negative_zero_survive():
    original = np.float16([6e-8, -0.0, 65504, -65504, 1]).repeat(2)
    assert decode(encode(original), 10).tobytes() == original.tobytes()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("", "no text"),
        (None, "no text"),
        ("not a speaker", "the character 'n'"),
        ("一" * 5000, "5000 characters, and at most 4096"),
        ("一二三", "no whole number of groups"),
        (speakers.encode_base16384(b"\xff" * 70), "does not unpack"),
        (code_of(np.zeros(768, np.float16).tobytes()), "nothing but zeros"),
        (code_of(np.full(768, np.nan, np.float16).tobytes()), "not finite"),
        (code_of(np.full(768, np.inf, np.float16).tobytes()), "not finite"),
        (code_of(vector(1, 767).tobytes()), "shape"),
        (code_of(vector(1, 768).tobytes() + b"x"), "more than 1536 bytes"),
        (code_of(bytes(50_000_000)), "at most 4096 are read|more than 1536 bytes"),
        (encode(vector(1))[:-40], "cut off|whole number of groups|does not unpack"),
    ],
)
def test_strings_that_are_no_speaker(code, found):
    with pytest.raises(BadInput, match=found):
        decode(code)


def test_a_bomb_is_not_unpacked():
    import tracemalloc

    bomb = code_of(bytes(20_000_000))
    assert len(bomb) < 4096  # so that it gets past the first check
    tracemalloc.start()
    with pytest.raises(BadInput, match="more than 1536 bytes"):
        decode(bomb)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@given(st.binary(max_size=300))
def test_random_bytes_never_crash(data):
    try:
        found = decode(speakers.encode_base16384(data) or "一", dim=None)
    except AigcError:
        return
    assert np.isfinite(found).all()


def test_what_lies_behind_the_numbers_is_refused():
    code = speakers.encode_base16384(speakers.decode_base16384(encode(vector(1))) + b"payload")
    with pytest.raises(BadInput, match="cut off"):
        decode(code)


def test_a_blend_lies_between_and_its_ends_are_the_voices():
    a, b = (Speaker(name, "chattts", encode(vector(seed))) for name, seed in (("甲", 1), ("乙", 2)))
    unit = [v.vector.astype(float) / np.linalg.norm(v.vector.astype(float)) for v in (a, b)]
    assert blend(a, b, 0).code == a.code
    assert blend(a, b, 1).code == b.code
    for weight in (0.25, 0.5, 0.9):
        mixed = blend(a, b, weight).vector.astype(float)
        np.testing.assert_allclose(mixed, (1 - weight) * unit[0] + weight * unit[1], atol=1e-4)
    near = [np.dot(blend(a, b, w).vector.astype(float), unit[1]) for w in (0, 0.2, 0.4, 0.6, 0.8)]
    assert blend(a, b, 0.5).name == "甲+乙@0.50"
    assert near[1:] == sorted(near[1:])


def test_length_does_not_matter_in_a_blend():
    a, b = vector(1), vector(2)
    short = blend(Speaker("a", "chattts", encode(a)), Speaker("b", "chattts", encode(b)), 0.5).vector
    long = blend(Speaker("a", "chattts", encode(a * 8)), Speaker("b", "chattts", encode(b)), 0.5).vector
    np.testing.assert_allclose(short, long, atol=1e-3)


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan"), "0.5", None, True])
def test_weights_out_of_range(weight):
    a = Speaker("a", "chattts", encode(vector(1)))
    with pytest.raises(BadInput, match="not a number from 0 to 1"):
        blend(a, a, weight)


def test_what_cannot_be_blended():
    a = Speaker("a", "chattts", encode(vector(1)))
    with pytest.raises(BadInput, match="opposite"):
        blend(a, Speaker("b", "chattts", encode(-vector(1))), 0.5)
    with pytest.raises(BadInput, match="voice of chattts"):
        blend(a, Speaker("b", "fastspeech2"), 0.5)
    with pytest.raises(BadInput, match="different models"):
        blend(a, Speaker("b", "chattts", encode(vector(1, 64))), 0.5)


def test_embedded_voices_blend_by_their_settings():
    low = Speaker("低", "fastspeech2", settings={"pitch": 0.5, "speed": 2})
    high = Speaker("高", "fastspeech2", settings={"pitch": 2.0, "energy": 1.21})
    half = blend(low, high, 0.5, "中")
    assert half.settings["pitch"] == pytest.approx(1.0)
    assert half.settings["energy"] == pytest.approx(1.1)
    assert half.settings["speed"] == 4  # between 2 and the normal 5, to the even
    assert half.name == "中"


def test_kokoro_voices_blend_by_their_weights():
    one, two = (Speaker(v, "kokoro", settings={"voice": v}) for v in ("zf_a", "zf_b"))
    mixed = blend(one, two, 0.25)
    assert mixed.settings["mix"] == {"zf_a": 0.75, "zf_b": 0.25}
    assert blend(mixed, two, 0.5).settings["mix"] == pytest.approx({"zf_a": 0.375, "zf_b": 0.625})
    assert blend(one, one, 0.5).settings == {"voice": "zf_a"}


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": "x" * 41},
        {"name": " a"},
        {"engine": "espeak"},
        {"engine": "chattts"},
        {"code": "一二三四"},
        {"settings": {"pitch": 3}},
        {"settings": {"pitch": float("nan")}},
        {"settings": {"speed": 5.5}},
        {"settings": {"volume": 1}},
        {"settings": {"mix": {"a": 0.5}}},
        {"settings": {"mix": {"a": 2, "b": -1}}},
        {"settings": {"mix": "a"}},
        {"settings": {"mix": {"a": 1.0}, "voice": "a"}},
        {"settings": {"voice": 3}},
        {"settings": 5},
    ],
)
def test_speakers_that_cannot_be(values):
    with pytest.raises(BadInput):
        Speaker(**{"name": "a", "engine": "fastspeech2", **values})


def test_sampling_draws_as_chattts_does():
    torch = pytest.importorskip("torch")
    mean, std = vector(3), np.abs(vector(4))
    torch.manual_seed(11)
    expected = torch.randn(768, dtype=torch.float16).mul_(torch.from_numpy(std)).add_(torch.from_numpy(mean))
    drawn = speakers.sample(mean, std, 11)
    assert drawn.tobytes() == expected.numpy().tobytes()
    assert speakers.sample(mean, std, 12).tobytes() != drawn.tobytes()


def test_kept_speakers_come_back(home):
    anna = Speaker("小明 v1.0", "chattts", encode(vector(5)))
    mixed = Speaker("Mix", "kokoro", settings={"mix": {"a": 0.5, "b": 0.5}, "speed": 7})
    path = speaker_store.keep(anna)
    speaker_store.keep(mixed)
    assert path.parent == home / "speakers"
    assert speaker_store.names() == ["Mix", "小明 v1.0"]
    assert speaker_store.get("小明 v1.0") == anna
    assert speaker_store.get("mix") == mixed
    speaker_store.forget("Mix")
    assert speaker_store.names() == ["小明 v1.0"]
    with pytest.raises(UnknownName, match="kept: 小明"):
        speaker_store.get("Mix")
    with pytest.raises(UnknownName):
        speaker_store.forget("Mix")


def test_a_name_is_not_taken_twice_by_accident(home):
    speaker_store.keep(Speaker("Anna", "fastspeech2", settings={"pitch": 1.2}))
    speaker_store.keep(Speaker("Anna", "fastspeech2", settings={"pitch": 1.2}))
    with pytest.raises(BadInput, match="another one has this name"):
        speaker_store.keep(Speaker("anna", "fastspeech2", settings={"pitch": 0.8}))
    speaker_store.keep(Speaker("anna", "fastspeech2", settings={"pitch": 0.8}), replace=True)
    assert speaker_store.get("ANNA").settings["pitch"] == 0.8
    long = [Speaker("名" * 39 + end, "fastspeech2") for end in "甲乙"]
    for speaker in long:
        speaker_store.keep(speaker)
    assert [speaker_store.get(speaker.name) for speaker in long] == long


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[" * 100_000,
        "null",
        '{"format": "aigc-kit speaker 1"}',
        '{"format": "aigc-kit speaker 1", "name": "a", "engine": "fastspeech2", "settings": [1]}',
        '{"format": "aigc-kit speaker 1", "name": "a", "engine": "fastspeech2", "settings": {"pitch": NaN}}',
        '{"format": "aigc-kit speaker 1", "name": ["a"], "engine": "fastspeech2"}',
        '{"format": "aigc-kit speaker 1", "name": "a", "engine": {}, "code": 5}',
        json.dumps({"format": "aigc-kit speaker 1", "name": "a", "engine": "chattts", "code": "一" * 70_000}),
    ],
)
def test_damaged_files_are_named_and_left_out(home, content):
    speaker_store.keep(Speaker("good", "fastspeech2"))
    bad = home / "speakers" / "speaker-bad.json"
    bad.write_text(content, encoding="utf-8")
    assert speaker_store.names() == ["good"]
    with pytest.raises(BadInput, match="not a speaker's file"):
        speaker_store.read(bad)


def test_no_half_file_is_left(home, monkeypatch):
    from pathlib import Path

    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        speaker_store.keep(Speaker("a", "fastspeech2"))
    assert list((home / "speakers").iterdir()) == []
