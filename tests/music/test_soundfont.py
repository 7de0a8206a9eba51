"""A soundfont made here of one sine plays at the pitch that is asked; what is missing or broken is refused."""

import struct

import numpy as np
import pytest

from aigc_kit import music
from aigc_kit.core.errors import BadInput, MissingExtra

RATE = 24_000


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def named(text):
    return text.encode().ljust(20, b"\0")


def one_sine():
    """The smallest soundfont: preset 0 plays a looped sine of 440 Hz whose root is 69."""
    period = 60
    wave = (12000 * np.sin(2 * np.pi * np.arange(period * 40) / period)).astype("<i2")
    end = len(wave)
    rate = 440 * period
    samples = wave.tobytes() + b"\0" * 92
    header = struct.pack("<20sIIIIIBbHH", named("sine"), 0, end, period, end - period, rate, 69, 0, 0, 1)
    header += struct.pack("<20sIIIIIBbHH", named("EOS"), 0, 0, 0, 0, 0, 0, 0, 0, 0)
    presets = struct.pack("<20sHHHIII", named("sine"), 0, 0, 0, 0, 0, 0)
    presets += struct.pack("<20sHHHIII", named("EOP"), 0, 0, 1, 0, 0, 0)
    pdta = b"pdta" + chunk(b"phdr", presets)
    pdta += chunk(b"pbag", struct.pack("<HHHH", 0, 0, 1, 0)) + chunk(b"pmod", b"\0" * 10)
    pdta += chunk(b"pgen", struct.pack("<HHHH", 41, 0, 0, 0))
    pdta += chunk(b"inst", struct.pack("<20sH20sH", named("sine"), 0, named("EOI"), 1))
    pdta += chunk(b"ibag", struct.pack("<HHHH", 0, 0, 2, 0)) + chunk(b"imod", b"\0" * 10)
    pdta += chunk(b"igen", struct.pack("<HHHHHH", 54, 1, 53, 0, 0, 0)) + chunk(b"shdr", header)
    info = b"INFO" + chunk(b"ifil", struct.pack("<HH", 2, 1)) + chunk(b"isng", b"EMU8000\0") + chunk(b"INAM", b"sine")
    lists = chunk(b"LIST", info) + chunk(b"LIST", b"sdta" + chunk(b"smpl", samples)) + chunk(b"LIST", pdta)
    return chunk(b"RIFF", b"sfbk" + lists)


def test_pitch_and_time_are_as_asked(tmp_path):
    pytest.importorskip("tinysoundfont", reason="the extra soundfont is not installed")
    file = tmp_path / "sine.sf2"
    file.write_bytes(one_sine())
    events = [music.Event(0.5, 0.5, 69, 0.8), music.Event(1.0, 0.5, 81, 0.8)]
    wave = music.play_soundfont(events, file)
    assert wave.dtype == np.float32 and wave.shape == (round(1.9 * RATE),)
    assert np.abs(wave[: RATE // 2 - 10]).max() < 1e-3 and 0.01 < np.abs(wave).max() <= 0.9
    for start, hertz in ((0.6, 440), (1.1, 880)):
        part = wave[round(start * RATE) : round(start * RATE) + RATE // 4]
        assert np.abs(np.fft.rfft(part)).argmax() * 4 == pytest.approx(hertz, abs=4)
    for broken in (tmp_path / "none.sf2", tmp_path):
        with pytest.raises(BadInput, match=r"\.sf2"):
            music.play_soundfont(events, broken)
    (tmp_path / "broken.sf2").write_bytes(b"RIFF")
    with pytest.raises(BadInput):
        music.play_soundfont(events, tmp_path / "broken.sf2")
    with pytest.raises(BadInput):
        music.play_soundfont([], file)


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tinysoundfont", None)
    with pytest.raises(MissingExtra, match=r"aigc-kit\[soundfont\]"):
        music.play_soundfont([music.Event(0.0, 0.1, 60, 0.5)], "any.sf2")
