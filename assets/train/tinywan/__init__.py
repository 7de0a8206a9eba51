"""How the tiny Wan was made: every stage, reproducible by ``python -m assets.train.tinywan``."""
