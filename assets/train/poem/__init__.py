"""Trains the tiny Chinese verse model that ``assets/models/poem`` ships. Start with ``python -m assets.train.poem``."""
