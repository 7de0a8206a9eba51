"""Works that join text, picture, voice and motion in one page that opens from disk."""
