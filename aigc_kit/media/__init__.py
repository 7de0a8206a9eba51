"""Bytes that a browser plays: frames, clips, sound, fonts, pages."""
