"""Trains the small CLIP of the closed world (``assets/models/miniclip``): ``python -m assets.train.miniclip``."""
