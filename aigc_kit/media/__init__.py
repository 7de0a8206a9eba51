"""Hold bytes that a browser plays: frames, sound, fonts, pages."""
