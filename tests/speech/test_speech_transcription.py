"""The recogniser's path on a real Whisper class with random weights (what it writes is meaningless), and on the real
model where somebody fetched it."""

import json

import numpy as np
import pytest

from aigc_kit import cards, fetch, speech
from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.make.speech import transcription
from aigc_kit.make.speech.transcription import HEARS_AT, transcribe
from aigc_kit.media.wav import resampled
from aigc_kit.works import together
from aigc_kit.works.evaluation import character_error

SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|zh|>", "<|en|>", "<|transcribe|>", "<|translate|>"]
SPECIAL += ["<|nospeech|>", "<|notimestamps|>", "<|startofprev|>", "<|startoflm|>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Whisper of 40,000 parameters with a byte vocabulary, saved as the hub's folders are."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    root = tmp_path_factory.mktemp("models")
    path = root / "whisper-base"
    path.mkdir()
    vocabulary = {symbol: index for index, symbol in enumerate(bytes_to_unicode().values())}
    (path / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (path / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    tokenizer = WhisperTokenizer(str(path / "vocab.json"), str(path / "merges.txt"))
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    tokenizer.save_pretrained(path)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    WhisperFeatureExtractor(feature_size=80).save_pretrained(path)
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_target_positions=24,
        pad_token_id=ids["<|endoftext|>"], bos_token_id=ids["<|endoftext|>"], eos_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"], begin_suppress_tokens=None, suppress_tokens=None,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        is_multilingual=True, max_length=20, pad_token_id=ids["<|endoftext|>"], eos_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"], no_timestamps_token_id=ids["<|notimestamps|>"],
        lang_to_id={"<|zh|>": ids["<|zh|>"], "<|en|>": ids["<|en|>"]},
        task_to_id={"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
    )  # fmt: skip
    model.save_pretrained(path, safe_serialization=True)
    return root


def tone(seconds, rate=24000, pitch=440):
    return (0.3 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def test_the_real_class_runs_and_repeats_itself(folder, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(folder))
    heard = transcribe(tone(1.2))
    assert isinstance(heard, str) and transcribe(tone(1.2)) == heard
    assert not any(token in heard for token in SPECIAL)


def test_long_waves_are_heard_in_windows(folder, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(folder))
    lengths = []
    monkeypatch.setattr(transcription, "_hear", lambda _m, _p, samples, _l: lengths.append(len(samples)) or "字")
    assert transcribe(tone(61)) == "字字字"
    assert lengths == [30 * HEARS_AT, 30 * HEARS_AT, HEARS_AT]


def test_a_reading_aloud_is_heard_where_a_listener_is(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(folder))
    monkeypatch.setattr(transcription, "_hear", lambda *_: "夜晚的海边一颗黄色的五角")
    content = together.generate_multimodal_content("夜晚的海边，一颗黄色的五角星", ["speech"], 0.5)
    said = content.facts.caption("zh")
    share = f"{100 * character_error('夜晚的海边一颗黄色的五角', said):.0f}%"
    note = content.kept("speech").note
    assert "夜晚的海边一颗黄色的五角" in note and f"字错率 {share}" in note and content.kept("speech").reading is None
    monkeypatch.setenv("AIGC_MODELS_DIR", str(tmp_path))
    if fetch.find(cards.get("whisper-base")) is None:
        nothing = together.generate_multimodal_content("夜晚的海边，一颗黄色的五角星", ["speech"], 0.5)
        assert "没有读回" in nothing.kept("speech").note


def test_resampling_keeps_pitch_length_and_level():
    out = resampled(tone(2.0), 24000, HEARS_AT)
    assert len(out) == 2 * HEARS_AT and out.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(out))
    assert np.argmax(spectrum) / 2 == pytest.approx(440, abs=0.5)
    assert np.abs(out[1000:-1000]).max() == pytest.approx(0.3, rel=0.01)


def test_without_the_model_the_error_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(tmp_path))
    if fetch.find(cards.get("whisper-base")) is not None:
        pytest.skip("whisper-base is on this machine")
    with pytest.raises(NotOnDisk, match="aigc fetch whisper-base"):
        transcribe(tone(1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: transcribe(np.zeros((2, 100), np.float32)), "to hear a wave"),
        (lambda: transcribe(np.array([np.nan], np.float32)), "not finite"),
        (lambda: transcribe(tone(1), rate=0), "sampling rate"),
        (lambda: transcribe(tone(1), card="baker"), "a speech card"),
        (lambda: transcribe(tone(1), language="fr"), "to hear 'fr'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def test_the_embedded_voice_is_understood_by_whisper():
    """Needs `aigc fetch whisper-base`; with it the voice's words come back."""
    if fetch.find(cards.get("whisper-base")) is None:
        pytest.skip("whisper-base is not on this machine (aigc fetch whisper-base)")
    text = "今天的天气真不错"
    plan = speech.plan_for(text, card="baker")
    assert character_error(transcribe(speech.run(plan).data), text) <= 0.25
