"""Video: clips from prompts, and measures of clips."""
