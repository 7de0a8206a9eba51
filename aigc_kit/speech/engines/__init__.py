"""What makes the sound: the embedded Mandarin voice, Kokoro, ChatTTS."""

from aigc_kit.speech.engines.base import RATE, Control, Engine, Segment, Spoken

__all__ = ["RATE", "Control", "Engine", "Segment", "Spoken"]
