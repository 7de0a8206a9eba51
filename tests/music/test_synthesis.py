"""What is heard is what was written: pitch, beginnings and loudness are measured in the wave."""

import numpy as np
import pytest

from aigc_kit.make.music import synthesis
from aigc_kit.make.music.settings import Settings
from aigc_kit.media.wav import RATE
from aigc_kit.worlds.tunes import Note, Tune


def peak_frequency(wave):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 18))
    return np.fft.rfftfreq(1 << 18, 1 / RATE)[int(spectrum.argmax())]


@pytest.mark.parametrize("instrument", synthesis.PARTIALS)
@pytest.mark.parametrize("pitch", [45, 60, 69, 88])
def test_the_pitch_is_heard(instrument, pitch):
    wave = synthesis.sound([synthesis.Event(0.0, 1.0, pitch, 0.8)], instrument)
    heard = peak_frequency(wave[2400:24000])
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    assert min(abs(heard / (wanted * ratio) - 1) for ratio, _, _ in synthesis.PARTIALS[instrument]) < 0.003


def test_a_tune_lasts_as_long_as_it_says():
    tune = Tune(((Note(60, 4), Note(None, 4)), (Note(64, 8),)), (2,), 60)
    events = synthesis.perform(tune, Settings(dynamics=0.0))
    assert [(event.start, event.pitch) for event in events] == [(0.0, 60), (2.0, 64)]
    wave = synthesis.sound(events)
    assert len(wave) / RATE == pytest.approx(2 + 2 * 0.97 + synthesis.TAIL, abs=1e-3)
    rest = wave[round(1.3 * RATE) : round(1.95 * RATE)]
    assert np.abs(rest).max() == 0  # the rest is silent
    assert synthesis.perform(tune, Settings(bpm=120.0, key=2))[1][:3:2] == (1.0, 66)


def test_dynamics_and_humanising_are_dials():
    tune = Tune(((Note(60, 4), Note(62, 4)),) * 4, (4,), 90)
    flat = synthesis.perform(tune, Settings(dynamics=0.0))
    assert len({event.loudness for event in flat}) == 1
    assert len({event.loudness for event in synthesis.perform(tune, Settings(dynamics=1.0))}) > 2
    loose = synthesis.perform(tune, Settings(humanise=1.0), seed=3)
    assert loose == synthesis.perform(tune, Settings(humanise=1.0), seed=3)
    late = np.array([one.start - other.start for one, other in zip(loose[1:], flat[1:], strict=True)])
    assert 0.003 < late.std() < 0.06  # 20 ms


def test_many_voices_stay_within_the_peak():
    wave = synthesis.sound([synthesis.Event(0.0, 0.5, 50 + k, 1.0, k) for k in range(20)], "organ")
    assert np.abs(wave).max() <= synthesis.PEAK + 1e-6
    assert wave.dtype == np.float32
