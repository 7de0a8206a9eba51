"""WAV files against the standard library's reader; records of speech."""

import io
import json
import wave as stdlib_wave

import numpy as np
import pytest
from core_models import require_card
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit import record, speech
from aigc_kit.core.errors import BadInput
from aigc_kit.media import wav


@given(st.lists(st.floats(-1, 1, width=32), max_size=50), st.sampled_from([8000, 24_000, 44_100]))
def test_the_standard_library_reads_what_is_written(samples, rate):
    data = wav.to_bytes(np.array(samples, np.float32), rate, {"ICMT": "AI 生成"})
    with stdlib_wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, rate)
        back = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert back.tolist() == [round(float(np.float32(s)) * 32767) for s in samples]


def test_round_trip_with_its_texts(tmp_path):
    wave = np.linspace(-1, 1, 1001, dtype=np.float32)
    path = wav.write(tmp_path / "a.wav", wave, info={"INAM": "你好", "ICMT": "odd"})
    back, rate, info = wav.read(path)
    assert np.abs(back - wave).max() <= 0.5 / 32767 + 1e-7
    assert (rate, info) == (24_000, {"INAM": "你好", "ICMT": "odd"})


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = wav.write(tmp_path / "a.wav", np.zeros(10, np.float32))
    before = path.read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(KeyboardInterrupt):
        wav.write(path, np.ones(10, np.float32))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize(
    "wave",
    [np.full(3, 1.5, np.float32), np.array([np.nan], np.float32), np.zeros((2, 2), np.float32), np.zeros(3, int)],
)
def test_what_is_no_wave_is_refused(wave):
    with pytest.raises(BadInput, match="finite floats"):
        wav.to_bytes(wave)


@pytest.mark.parametrize("cut", [0, 3, 20, 60, -1])
def test_a_cut_file_is_refused(tmp_path, cut):
    data = wav.to_bytes(np.zeros(100, np.float32))
    (tmp_path / "a.wav").write_bytes(data[:cut])
    with pytest.raises(BadInput, match="not a whole WAV"):
        wav.read(tmp_path / "a.wav")


def test_a_run_is_saved_verified_and_made_again(tmp_path):
    require_card("baker")
    plan = speech.plan_for("今天 5℃，真冷😀。", card="baker", breaks=2)
    take = speech.run(plan)
    sidecar = record.save(take, tmp_path, "cold")
    wave, rate, info = wav.read(tmp_path / "cold.wav")
    assert rate == 24_000
    assert len(wave) == len(take.data)
    assert np.abs(wave - take.data).max() < 1 / 32767
    assert "AI 生成" in info["ICMT"]
    assert "non-commercial" in info["ICOP"]
    assert info["INAM"] == "今天 5℃，真冷😀。"
    said = json.loads(sidecar.read_text(encoding="utf-8"))
    assert said["labels"]["changed"][0] == ["5℃", "五摄氏度", "数字和单位"]
    assert said["labels"]["unspoken"][0][0] == "😀"
    assert record.verify(sidecar) == {"cold.wav": "same"}
    again = record.reproduce(sidecar)
    assert again.same
    assert not again.differs


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50), st.sampled_from([8000, 24_000, 44_100]))
def test_length_and_samples_are_those_of_the_standard_library(samples, rate):
    wave = np.array(samples, np.float32)
    data = wav.to_bytes(wave, rate, {"ICMT": "一"})
    assert wav.seconds_of(data) == len(samples) / rate
    back, found = wav.samples_of(data)
    assert found == rate and np.abs(back - wave).max() < 2 / 32767


def test_a_file_of_two_channels_is_averaged_and_one_of_8_bits_is_only_measured():
    def file_of(width, channels, raw):
        buffer = io.BytesIO()
        with stdlib_wave.open(buffer, "wb") as file:
            file.setparams((channels, width, 8000, 0, "NONE", ""))
            file.writeframes(raw)
        return buffer.getvalue()

    both = np.array([[1000, 3000], [-200, 200]], "<i2")
    back, rate = wav.samples_of(file_of(2, 2, both.tobytes()))
    assert (back * 32768).tolist() == [2000, 0] and rate == 8000
    small = file_of(1, 1, bytes(4000))
    assert wav.seconds_of(small) == 0.5 and wav.samples_of(small)[1] == 0
    assert wav.seconds_of(b"RIFF") is None and wav.samples_of(b"no sound")[1] == 0


def test_other_texts_change_no_sample_and_the_standard_library_still_reads_it():
    wave = np.linspace(-1, 1, 101, dtype=np.float32)
    data = wav.to_bytes(wave, info={"ICMT": "old", "INAM": "name"})
    changed = wav.with_info(data, {"ICMT": "新的"})
    assert wav.info_of(changed) == {"ICMT": "新的"} and wav.info_of(wav.to_bytes(wave)) == {}
    assert wav.samples_of(changed)[0].tolist() == wav.samples_of(data)[0].tolist()
    assert changed == wav.to_bytes(wave, info={"ICMT": "新的"})
    with pytest.raises(ValueError, match="cut off"):
        wav.info_of(data[:-3])
