"""Trains the reader of the tiny world: ``python -m assets.train.tinyreader`` (see README.md)."""
