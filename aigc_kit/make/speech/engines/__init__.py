"""Make the sound: the embedded Mandarin voice, Kokoro, ChatTTS."""

from aigc_kit.make.speech.engines.base import Control, Engine, Segment, Spoken
from aigc_kit.media.wav import RATE

__all__ = ["RATE", "Control", "Engine", "Segment", "Spoken"]
