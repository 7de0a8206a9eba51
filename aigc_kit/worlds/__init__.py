"""Know the truth about tiny worlds, prompts and structures."""
