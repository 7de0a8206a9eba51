"""Know a closed world of three-second sounds.

"慢速，低音，长笛，上行，大调" --read_sound--> SoundWish --render--> wave at 16000 Hz --Listener--> what is heard
"""

from aigc_kit.worlds.sounds.listening import Listener, features, listener
from aigc_kit.worlds.sounds.sound_world import (
    OWN_RATE,
    SOUND_CHOICES,
    SOUND_NAMES,
    SOUND_TITLES,
    SoundWish,
    read_sound,
    render,
    sound_caption,
    wishes,
)

__all__ = [
    "OWN_RATE",
    "SOUND_CHOICES",
    "SOUND_NAMES",
    "SOUND_TITLES",
    "Listener",
    "SoundWish",
    "features",
    "listener",
    "read_sound",
    "render",
    "sound_caption",
    "wishes",
]
