"""The closed world of sounds: what is heard is what was wished, by pitch and onset measured in the wave."""

import numpy as np
import pytest

from aigc_kit.worlds import sounds
from aigc_kit.worlds.sounds.sound_world import FRAMES, HOP, REGISTERS, SPEEDS, TONICS, melody


def test_the_world_is_finite_and_read_from_both_languages():
    every = list(sounds.wishes())
    assert len(every) == len(set(every)) == 4 * 3 * 3 * (3 * 2 + 1)
    for wish in every:
        for language in ("zh", "en"):
            assert sounds.read_sound(sounds.sound_caption(wish, language)) == (wish, "")
    assert sounds.read_sound("慢速的摇滚")[1] == "的摇滚"
    assert sounds.read_sound("") == (sounds.SoundWish(), "")


@pytest.mark.parametrize("instrument", sounds.SOUND_CHOICES["instrument"])
def test_the_first_note_has_the_pitch_of_its_register(instrument):
    for register, base in REGISTERS.items():
        wish = sounds.SoundWish(instrument, "slow", register, "rising", "major")
        wave = sounds.render(wish, 1)
        note = wave[HOP // 2 : HOP // 2 + SPEEDS["slow"] * HOP]
        spectrum = np.abs(np.fft.rfft(note * np.hanning(len(note)), 1 << 17))
        heard = np.fft.rfftfreq(1 << 17, 1 / sounds.OWN_RATE)[spectrum.argmax()] / (440 * 2 ** ((base + 1 - 69) / 12))
        assert min(abs(heard - ratio) for ratio in (1, 2, 2.76, 3, 5.4)) < 0.02
        assert len(wave) == FRAMES * HOP and np.abs(wave).max() <= 1


def test_contours_by_hand():
    def of(contour, mode="major"):
        return melody(sounds.SoundWish("flute", "slow", "low", contour, mode))

    assert of("rising") == [45, 47, 49, 50, 52]
    assert of("rising", "minor") == [45, 47, 48, 50, 52]
    assert of("falling") == of("rising")[::-1]
    assert of("arch") == [45, 47, 49, 47, 45]
    assert len(set(of("repeated", None))) == 1
    assert TONICS == 3
